import type { Box, Size } from '../../boxes/geometry.ts';

/** A picture as shown: four bytes a pixel, red, green, blue and alpha, not premultiplied, by rows. */
export interface Picture extends Size {
  readonly data: Uint8ClampedArray;
}

/** The least alpha of a pixel that can belong to an object, and the least cover of an object's point. */
export const inside = 128;

/** Whether any pixel of the box is not opaque. */
export function hasAlpha(picture: Picture, box: Box): boolean {
  const words = wordsOf(picture);
  for (let y = box.y0; y < box.y1; y += 1) {
    const end = y * picture.width + box.x1;
    for (let i = y * picture.width + box.x0; i < end; i += 1)
      if ((words[i] as number) < 0xff000000) return true;
  }
  return false;
}

/** The pixels as numbers, with red in the lowest byte: typed arrays are little-endian wherever there is a page. */
const wordsOf = ({ data }: Picture): Uint32Array =>
  new Uint32Array(data.buffer, data.byteOffset, data.length / 4);

/** A step that leaves at most four samples in a range of this length. */
const stride = (length: number): number => Math.max(1, Math.floor((length + 3) / 4));

/**
 * Returns a part of the picture, scaled down to width × height pixels by averaging up to 16 samples,
 * in the picture's format. It is never larger than the part.
 */
export function crop(picture: Picture, part: Box, width: number, height: number): Uint8ClampedArray {
  const [left, wide, top, tall] = [part.x0, part.x1 - part.x0, part.y0, part.y1 - part.y0];
  const out = new Uint8ClampedArray(width * height * 4);
  const words = wordsOf(picture);
  for (let y = 0; y < height; y += 1) {
    const y0 = top + Math.floor((y * tall) / height);
    const y1 = top + Math.floor(((y + 1) * tall) / height);
    const stepY = stride(y1 - y0);
    for (let x = 0; x < width; x += 1) {
      const x0 = left + Math.floor((x * wide) / width);
      const x1 = left + Math.floor(((x + 1) * wide) / width);
      const stepX = stride(x1 - x0);
      let red = 0;
      let green = 0;
      let blue = 0;
      let alpha = 0;
      let count = 0;
      for (let sy = y0 + (stepY >> 1); sy < y1; sy += stepY) {
        for (let sx = x0 + (stepX >> 1); sx < x1; sx += stepX) {
          const word = words[sy * picture.width + sx] as number;
          const a = word >>> 24;
          red += (word & 255) * a;
          green += ((word >>> 8) & 255) * a;
          blue += ((word >>> 16) & 255) * a;
          alpha += a;
          count += 1;
        }
      }
      if (alpha === 0) continue;
      const at = (y * width + x) * 4;
      const half = alpha >> 1;
      out[at] = Math.floor((red + half) / alpha);
      out[at + 1] = Math.floor((green + half) / alpha);
      out[at + 2] = Math.floor((blue + half) / alpha);
      out[at + 3] = Math.floor((alpha + (count >> 1)) / count);
    }
  }
  return out;
}
