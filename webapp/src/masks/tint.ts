import type { Size } from '../boxes/geometry.ts';
import type { Rgb } from './colors.ts';

/** Opacity of the tint inside, and of the dimming outside, 0 to 255. */
const tintAlpha = 100;
const dimAlpha = 170;

/** A mask drawn at a display's resolution: RGBA, and the pixels along its outline. */
export interface Tinted {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly edge: Int32Array;
}

/** Draws a bitmap of a photo at another size: each pixel shows the photo's pixel under its center. */
export function tint(
  bitmap: Uint8Array,
  photo: Size,
  shown: Size,
  [red, green, blue]: Rgb,
  isDim: boolean,
): Tinted {
  const { width, height } = shown;
  const data = new Uint8ClampedArray(width * height * 4);
  const words = new Uint32Array(data.buffer);
  const word = Uint8Array.of(red, green, blue, tintAlpha, 0, 0, 0, isDim ? dimAlpha : 0);
  const [inside, outside] = new Uint32Array(word.buffer) as unknown as [number, number];
  const columns = Int32Array.from({ length: width }, (_, x) => Math.floor(((x + 0.5) * photo.width) / width));
  const edge: number[] = [];
  for (let y = 0; y < height; y += 1) {
    const row = Math.floor(((y + 0.5) * photo.height) / height) * photo.width;
    for (let x = 0; x < width; x += 1) {
      const i = y * width + x;
      const isIn = bitmap[row + (columns[x] as number)] !== 0;
      words[i] = isIn ? inside : outside;
      // The outline is two pixels wide: one on each side.
      if (x > 0 && (words[i - 1] === inside) !== isIn) edge.push(i - 1, i);
      if (y > 0 && (words[i - width] === inside) !== isIn) edge.push(i - width, i);
    }
  }
  return { data, edge: Int32Array.from(edge) };
}
