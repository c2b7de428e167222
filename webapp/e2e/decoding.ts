import type { Page } from '@playwright/test';
import { expect } from './fixtures.ts';

/** Lets no photo be decoded until the function that is returned is called. */
export async function holdDecoding(page: Page): Promise<() => Promise<void>> {
  await page.addInitScript(() => {
    const { decode } = HTMLImageElement.prototype;
    HTMLImageElement.prototype.decode = async function () {
      await new Promise((resolve) => window.addEventListener('decode', resolve, { once: true }));
      return decode.call(this);
    };
  });
  return async () => {
    await page.evaluate(() => window.dispatchEvent(new Event('decode')));
    await expect(page.locator('.box-layer')).toBeAttached();
  };
}
