import { existsSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { draw, expect, photo, signIn, test, watchPage } from './fixtures.ts';
import { program, type Service, startService } from './network/service.ts';
import { smallDecoder, smallEncoder } from './network/small.ts';

// Chromium's software GPU, which the page otherwise takes for none: it is slower than the CPU.
test.use({
  launchOptions: {
    executablePath: process.env.GEN3D_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      '--ignore-gpu-blocklist',
    ],
  },
});

test.describe('the network in the browser', () => {
  test.skip(!existsSync(program), 'bin/gen3d is not built');
  let service: Service;
  test.beforeAll(async () => {
    service = await startService({ encoder: smallEncoder(), decoder: smallDecoder() });
  });
  test.afterAll(() => service.stop());

  /** Opens a mask, and sets a point, with the software GPU taken for a real one. */
  async function findOnGpu(page: Page): Promise<string | null> {
    let replaced = 0;
    await page.route(/\/assets\/worker-.*\.js$/, async (route) => {
      const response = await route.fetch();
      const source = await response.text();
      const body = source.replaceAll('isFallbackAdapter', 'isNotThere');
      if (body !== source) replaced += 1;
      await route.fulfill({ response, body });
    });
    await signIn(page, service.url);
    const hasGpu = await page.evaluate(async () => {
      const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
      return gpu ? (await gpu.requestAdapter()) !== null : false;
    });
    test.skip(!hasGpu, 'this browser has no software GPU');
    await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee.jpg'));
    await draw(page, [0.1, 0.02], [0.83, 0.99]);
    await page.getByRole('button', { name: 'Check mask of object 1' }).click();
    const note = page.locator('.mask-finder');
    await expect(note).toHaveAttribute('data-state', 'network', { timeout: 300_000 });
    expect(replaced).toBe(1);
    const bounds = await page.locator('.mask-surface').boundingBox();
    if (!bounds) throw new Error('no mask is open');
    await page.mouse.click(bounds.x + bounds.width / 2, bounds.y + bounds.height / 2);
    await expect(page.locator('.mask-point.is-in')).toHaveCount(1);
    await expect(page.locator('.bench-photo .status')).toHaveText(/The mask covers \d+%/);
    await expect(note).toHaveAttribute('data-state', 'network');
    return note.getAttribute('data-device');
  }

  test('runs on a GPU', async ({ page }) => {
    test.setTimeout(600_000);
    const faults = watchPage(page);
    expect(await findOnGpu(page)).toBe('webgpu');
    expect(faults).toEqual([]);
  });

  test('runs on the CPU if the GPU fails', async ({ page }) => {
    await page.route(/asyncify/, (route) => route.fulfill({ status: 503, body: 'busy' }));
    expect(await findOnGpu(page)).toBe('wasm');
  });
});
