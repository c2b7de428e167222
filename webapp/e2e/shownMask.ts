import type { Locator } from '@playwright/test';
import type { Rgb } from '../src/masks/colors.ts';

/**
 * The mask as a canvas over the photo shows it, "1" inside and "0" outside: one for each pixel of the
 * photo, which the canvas shows with a pixel or more. With a color, of a canvas with several masks, only
 * that of this color.
 */
export async function shownMask(canvas: Locator, color?: Rgb): Promise<string> {
  // The next frame draws what has changed.
  await canvas
    .page()
    .evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  return canvas.evaluate((element, wanted) => {
    const { width, height } = element as HTMLCanvasElement;
    const context = (element as HTMLCanvasElement).getContext('2d');
    if (!context) throw new Error('no mask is shown');
    const { data } = context.getImageData(0, 0, width, height);
    const image = document.querySelector<HTMLImageElement>('.photo-view img');
    const [wide, tall] = [image?.naturalWidth ?? 0, image?.naturalHeight ?? 0];
    let bits = '';
    for (let y = 0; y < tall; y += 1) {
      for (let x = 0; x < wide; x += 1) {
        const [column, row] = [
          Math.floor(((x + 0.5) / wide) * width),
          Math.floor(((y + 0.5) / tall) * height),
        ];
        const i = 4 * (row * width + column);
        // A canvas stores a color multiplied by its opacity, and returns it with rounding errors.
        const isIn = wanted
          ? data[i + 3] && wanted.every((channel, at) => Math.abs(channel - (data[i + at] ?? 0)) < 4)
          : data[i] || data[i + 1] || data[i + 2];
        bits += isIn ? '1' : '0';
      }
    }
    return bits;
  }, color);
}
