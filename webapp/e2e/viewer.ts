import { expect, type Locator } from '@playwright/test';

/**
 * Waits until an object's viewer shows a mesh, judged by its pixels: the preview picture is hidden,
 * and the drawing differs from its background and has many colors.
 */
export async function expectMeshDrawn(card: Locator): Promise<void> {
  // Not scrollIntoViewIfNeeded: without a GPU, drawing keeps the page from ever being "stable".
  await card.evaluate((element) => element.scrollIntoView({ block: 'center' }));
  const stage = card.locator('.stage');
  await expect(stage).toHaveClass(/is-shown/, { timeout: 120_000 });
  const viewer = stage.locator('model-viewer');
  await expect
    .poll(() => viewer.evaluate(countColors), {
      message: 'colors of the mesh in the viewer',
      timeout: 60_000,
    })
    .toBeGreaterThan(24);
}

/** Runs in the page: counts the colors, in steps of 16, of the mesh's own pixels. */
async function countColors(viewer: Element): Promise<number> {
  const { toBlob } = viewer as unknown as { toBlob(options: { idealAspect: boolean }): Promise<Blob> };
  const picture = await createImageBitmap(await toBlob.call(viewer, { idealAspect: false }));
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext('2d');
  if (!context) return 0;
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, picture.width, picture.height);
  const colors = new Set<number>();
  let drawn = 0;
  for (let at = 0; at < data.length; at += 4) {
    // The background is transparent.
    if ((data[at + 3] ?? 0) < 250) continue;
    drawn += 1;
    colors.add(
      (((data[at] ?? 0) >> 4) << 8) | (((data[at + 1] ?? 0) >> 4) << 4) | ((data[at + 2] ?? 0) >> 4),
    );
  }
  return drawn * 100 > data.length / 4 ? colors.size : 0;
}
