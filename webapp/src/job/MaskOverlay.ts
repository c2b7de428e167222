import type { Size } from '../boxes/geometry.ts';
import { h } from '../dom.ts';
import { colorOf, tintAlpha, wordOf } from '../masks/colors.ts';
import { tint } from '../masks/raster.ts';

/** Widest picture of a mask: more pixels are not seen. */
const widest = 1600;

/** The mask that was used for one object, as a tint with an outline over the photo. */
export class MaskOverlay {
  readonly element = h('canvas', { class: 'mask-overlay', 'aria-hidden': 'true' });

  /**
   * Fetches the mask, a PNG of the photo's size, and draws it in the color of the object's number.
   * Rejects if it cannot be fetched or read.
   */
  async load(url: string, photo: Size, number: number, signal: AbortSignal): Promise<void> {
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`the mask answers ${response.status}`);
    const width = Math.min(widest, photo.width);
    const height = Math.max(1, Math.round((width * photo.height) / photo.width));
    const picture = await createImageBitmap(await response.blob(), {
      resizeWidth: width,
      resizeHeight: height,
      resizeQuality: 'medium',
    });
    this.element.width = width;
    this.element.height = height;
    const context = this.element.getContext('2d', { willReadFrequently: true });
    if (!context) return;
    context.drawImage(picture, 0, 0);
    picture.close();
    const read = context.getImageData(0, 0, width, height).data;
    const inside = Uint8Array.from({ length: width * height }, (_, i) => ((read[i * 4] ?? 0) > 127 ? 1 : 0));
    const image = new ImageData(width, height);
    const words = new Uint32Array(image.data.buffer);
    const color = colorOf(number);
    const whole = { x0: 0, y0: 0, x1: width, y1: height };
    const edge = tint(inside, { width, height }, whole, words, wordOf(color, tintAlpha));
    const line = wordOf(color, 255);
    for (const i of edge) words[i] = line;
    context.putImageData(image, 0, 0);
  }
}
