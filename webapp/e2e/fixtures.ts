import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test as base, expect, type Page } from '@playwright/test';
import { StandIn } from './standin/service.ts';

export const photo = (name: string): string =>
  fileURLToPath(new URL(`../../testdata/photos/${name}`, import.meta.url));

/** Collects violations of the content security policy and errors, which a page must not have. */
export function watchPage(page: Page): string[] {
  const faults: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    if (/Content Security Policy|Refused to/.test(text)) faults.push(text);
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  return faults;
}

/** Signs in through the issuer's page, as a user does. */
export async function signIn(page: Page, url: string, path = '/', user = 'testuser001'): Promise<void> {
  await page.goto(url + path);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page
    .getByRole('link', { name: user })
    .or(page.getByRole('button', { name: user }))
    .first()
    .click();
  await page.waitForURL(url + path);
}

/** Presses a button that signs out, and waits until the issuer has sent the browser back. */
export async function signOut(
  page: Page,
  button = page.getByRole('button', { name: 'Sign out' }),
): Promise<void> {
  const isBack = page.waitForEvent('domcontentloaded');
  await button.click();
  await isBack;
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
}

/**
 * Opens a path of the stand-in with a session that it has issued, and waits until the page shows its
 * view. A sign-in takes the processor as long as many a test; what it does is tested by page.spec.ts,
 * tabs.spec.ts and drafts.spec.ts with the stand-in, and by all tests of `gen3d local` with its own issuer.
 */
export async function openSignedIn(page: Page, standIn: StandIn, path = '/'): Promise<void> {
  await page.goto(standIn.sessionUrl(path), { waitUntil: 'commit' });
  await page.waitForURL(standIn.url + path);
  await page.locator('main > *').first().waitFor();
}

/** The photo of a coffee as a file of 4000 × 3000 pixels, which the page's browser makes. */
export async function largePhoto(
  page: Page,
): Promise<{ readonly name: string; readonly mimeType: string; readonly buffer: Buffer }> {
  const small = `data:image/jpeg;base64,${readFileSync(photo('coffee.jpg')).toString('base64')}`;
  const large = await page.evaluate(async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = new OffscreenCanvas(4000, 3000);
    canvas.getContext('2d')?.drawImage(image, 0, 0, 4000, 3000);
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
    let text = '';
    for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);
    return btoa(text);
  }, small);
  return { name: 'large.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(large, 'base64') };
}

/** Draws a box by dragging between two points, in fractions of the photo's width and height. */
export async function draw(page: Page, from: [number, number], to: [number, number]): Promise<void> {
  await expect(page.locator('.box-layer')).toBeVisible();
  const image = page.getByRole('img', { name: 'The photo, to draw boxes on' });
  await image.scrollIntoViewIfNeeded();
  const bounds = await image.boundingBox();
  if (!bounds) throw new Error('the photo is not shown');
  const at = ([x, y]: [number, number]): [number, number] => [
    bounds.x + bounds.width * x,
    bounds.y + bounds.height * y,
  ];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]), { steps: 4 });
  await page.mouse.move(...at(to), { steps: 4 });
  await page.mouse.up();
}

/** The corners of the boxes, as listed. */
export const places = (page: Page) => page.locator('.object-place span:first-child');

interface Fixtures {
  standIn: StandIn;
  faults: string[];
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs from this pattern.
  standIn: async ({}, use) => {
    const standIn = await StandIn.start();
    await use(standIn);
    await standIn.stop();
  },
  faults: async ({ page }, use) => {
    const faults = watchPage(page);
    await use(faults);
    expect(faults).toEqual([]);
  },
});

export { expect };

/** Whether the browser would now ask before the page is closed. */
export const asksBeforeClosing = (page: Page): Promise<boolean> =>
  page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })));

/** Reloads the page once it has saved the boxes: until then it asks before it is closed. */
export async function reloadSaved(page: Page): Promise<void> {
  await expect.poll(() => asksBeforeClosing(page)).toBe(false);
  await page.reload();
}
