import { type Box, heightOf, widthOf } from '../../boxes/geometry.ts';

/** A raster over a part of the photo. */
export interface Raster {
  readonly part: Box;
  readonly width: number;
  readonly height: number;
}

/**
 * Returns values of one raster at the points of another of the same photo, by bilinear interpolation; 0
 * outside the part of the first one.
 */
export function resample(values: Float32Array, from: Raster, to: Raster): Float32Array {
  const out = new Float32Array(to.width * to.height);
  const x0 = to.part.x0 - from.part.x0;
  const y0 = to.part.y0 - from.part.y0;
  const across = taps(x0, widthOf(to.part), to.width, widthOf(from.part), from.width);
  const down = taps(y0, heightOf(to.part), to.height, heightOf(from.part), from.height);
  for (let y = 0, i = 0; y < to.height; y += 1) {
    const upper = (down.first[y] as number) * from.width;
    const lower = (down.second[y] as number) * from.width;
    const ty = down.weight[y] as number;
    for (let x = 0; x < to.width; x += 1, i += 1) {
      const left = across.first[x] as number;
      const right = across.second[x] as number;
      if (left < 0 || upper < 0) continue;
      const tx = across.weight[x] as number;
      const top = (values[upper + left] as number) * (1 - tx) + (values[upper + right] as number) * tx;
      const bottom = (values[lower + left] as number) * (1 - tx) + (values[lower + right] as number) * tx;
      out[i] = top * (1 - ty) + bottom * ty;
    }
  }
  return out;
}

/** Where the points of one raster are between those of another; the weight is that of the second. */
interface Taps {
  /** -1 outside the other raster. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Float32Array;
}

/** Places the centers of n points from `start` on, over a length in pixels, between m points over another. */
function taps(start: number, length: number, n: number, otherLength: number, m: number): Taps {
  const first = new Int32Array(n).fill(-1);
  const second = new Int32Array(n);
  const weight = new Float32Array(n);
  for (let i = 0; i < n; i += 1) {
    const pixel = start + ((i + 0.5) * length) / n;
    if (pixel < 0 || pixel > otherLength) continue;
    const at = Math.min(Math.max((pixel * m) / otherLength - 0.5, 0), m - 1);
    const before = Math.floor(at);
    first[i] = before;
    second[i] = Math.min(before + 1, m - 1);
    weight[i] = at - before;
  }
  return { first, second, weight };
}
