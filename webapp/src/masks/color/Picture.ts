import type { Box, Size } from '../../boxes/geometry.ts';

/** A picture as shown: four bytes a pixel, red, green, blue and alpha, not premultiplied, by rows. */
export interface Picture extends Size {
  readonly data: Uint8ClampedArray;
}

/** The least alpha of a pixel that can belong to an object, and the least cover of an object's point. */
export const inside = 128;

/** Whether any pixel of the box is not opaque. */
export function hasAlpha(picture: Picture, box: Box): boolean {
  for (let y = box.y0; y < box.y1; y += 1) {
    let at = (y * picture.width + box.x0) * 4 + 3;
    for (let x = box.x0; x < box.x1; x += 1, at += 4) if (picture.data[at] !== 255) return true;
  }
  return false;
}

/** A step that leaves at most four samples in a range of this length. */
const stride = (length: number): number => Math.max(1, Math.floor((length + 3) / 4));

/**
 * Returns a part of the picture, scaled down to width × height pixels by averaging up to 16 samples,
 * in the picture's format. It is never larger than the part.
 */
export function crop(picture: Picture, part: Box, width: number, height: number): Uint8ClampedArray {
  const [left, wide, top, tall] = [part.x0, part.x1 - part.x0, part.y0, part.y1 - part.y0];
  const out = new Uint8ClampedArray(width * height * 4);
  const { data } = picture;
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
          const at = (sy * picture.width + sx) * 4;
          const a = data[at + 3] as number;
          red += (data[at] as number) * a;
          green += (data[at + 1] as number) * a;
          blue += (data[at + 2] as number) * a;
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
