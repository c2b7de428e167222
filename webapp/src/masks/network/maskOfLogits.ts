import type { Size } from '../../boxes/geometry.ts';
import { type Mask, MaskWriter, pixelsIn } from '../Mask.ts';

/** The side of a mask as the network makes it, in points. */
export const maskSide = 256;

/**
 * Returns the mask whose pixels have a logit above 0, at the photo's resolution: logits, a raster of
 * maskSide² over the photo, are interpolated bilinearly at the center of every pixel. Null if
 * there is none.
 */
export function maskOfLogits(logits: Float32Array, photo: Size): Mask | null {
  const { width, height } = photo;
  const columns = cellsOf(width);
  const line = new Float32Array(maskSide);
  const mask = new MaskWriter();
  for (let y = 0; y < height; y += 1) {
    interpolateRow(logits, place(y, height), line);
    for (const { first, from, to, weights } of columns) {
      const a = line[first] as number;
      const b = line[Math.min(first + 1, maskSide - 1)] as number;
      if (a > 0 === b > 0) {
        mask.add(a > 0, to - from);
        continue;
      }
      for (let i = 0; i < weights.length; i += 1) mask.add(a + (b - a) * (weights[i] as number) > 0, 1);
    }
  }
  const found = mask.finish(photo);
  return pixelsIn(found) > 0 ? found : null;
}

/** The place of the center of a pixel, one of `length`, in the raster. */
function place(pixel: number, length: number): number {
  const at = ((pixel + 0.5) / length) * maskSide - 0.5;
  return Math.min(Math.max(at, 0), maskSide - 1);
}

/** The pixels between two columns of the raster. */
interface Cell {
  readonly first: number;
  readonly from: number;
  readonly to: number;
  /** Of the second column, for each pixel. */
  readonly weights: Float32Array;
}

function cellsOf(length: number): Cell[] {
  const cells: Cell[] = [];
  let from = 0;
  while (from < length) {
    const first = Math.floor(place(from, length));
    let to = from + 1;
    while (to < length && Math.floor(place(to, length)) === first) to += 1;
    const weights = Float32Array.from({ length: to - from }, (_, i) => place(from + i, length) - first);
    cells.push({ first, from, to, weights });
    from = to;
  }
  return cells;
}

function interpolateRow(logits: Float32Array, at: number, line: Float32Array): void {
  const first = Math.floor(at);
  const weight = at - first;
  const upper = first * maskSide;
  const lower = Math.min(first + 1, maskSide - 1) * maskSide;
  for (let x = 0; x < maskSide; x += 1) {
    const a = logits[upper + x] as number;
    line[x] = a + ((logits[lower + x] as number) - a) * weight;
  }
}
