import { readFileSync } from 'node:fs';
import { draw, expect, photo, signIn, test } from './fixtures.ts';

const url = process.env.GEN3D_URL?.replace(/\/$/, '') ?? '';

/**
 * Prints how long a mask takes on a photo of 12 megapixels, from the click until the frame that shows
 * it: `GEN3D_BENCH=1 tests/browser masks-time.spec.ts`.
 */
test('time from a click to the mask', async ({ page }) => {
  test.skip(url === '' || !process.env.GEN3D_BENCH, 'a benchmark: set GEN3D_BENCH');
  await page.setViewportSize({ width: 1440, height: 900 });
  await signIn(page, url);
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
  const file = { name: 'large.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(large, 'base64') };
  await page.getByLabel('Drop a photo here').setInputFiles(file);
  await draw(page, [0.1, 0.02], [0.83, 0.99]);
  // From the event to the second frame after the mask is announced: the first one draws it.
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(window, { times });
    window.addEventListener(
      'click',
      () => {
        const start = performance.now();
        const status = document.querySelector('.bench-photo .status');
        const wait = (): void => {
          if (/covers/.test(status?.textContent ?? '')) {
            requestAnimationFrame(() => times.push(performance.now() - start));
          } else requestAnimationFrame(wait);
        };
        requestAnimationFrame(wait);
      },
      true,
    );
  });
  const times = () => page.evaluate(() => (window as unknown as { times: number[] }).times);
  await page.getByRole('button', { name: 'Check mask of object 1' }).click();
  await expect.poll(async () => (await times()).length).toBe(1);
  const bounds = await page.locator('.mask-surface').boundingBox();
  if (!bounds) throw new Error('no mask is open');
  const places = [
    [0.46, 0.4],
    [0.3, 0.6],
    [0.6, 0.7],
    [0.5, 0.85],
    [0.25, 0.5],
    [0.55, 0.3],
  ] as const;
  for (const [i, [x, y]] of places.entries()) {
    await page.mouse.click(bounds.x + bounds.width * x, bounds.y + bounds.height * y);
    await expect.poll(async () => (await times()).length).toBe(i + 2);
  }
  const [first = 0, ...clicks] = await times();
  console.log(`opening the tool, decoding, first mask: ${Math.round(first)} ms`);
  console.log(`from a click to the mask: ${clicks.map((ms) => Math.round(ms)).join(', ')} ms`);
});
