import type { Gaussians } from './Gaussians.ts';

/** Texels of a Gaussian, and Gaussians of a row of the texture. */
export const texelsEach = 3;
export const perRow = 1024;

/** The Gaussians as the shader reads them. */
export interface Packed {
  readonly count: number;
  /**
   * Rows of a texture with four 32-bit words a texel. Of each Gaussian: position (floats) and color
   * (bytes); covariance xx, xy, xz, yy; covariance yz, zz, and two unused words.
   */
  readonly words: Uint32Array<ArrayBuffer>;
  readonly rows: number;
  readonly positions: Float32Array;
  readonly least: readonly [number, number, number];
  readonly most: readonly [number, number, number];
}

export function pack(gaussians: Gaussians): Packed {
  const { count, positions, colors } = gaussians;
  const rows = Math.ceil(count / perRow);
  const words = new Uint32Array(rows * perRow * texelsEach * 4);
  const floats = new Float32Array(words.buffer);
  const packed = new Uint32Array(colors.buffer);
  for (let i = 0; i < count; i += 1) {
    const to = i * texelsEach * 4;
    floats.set(positions.subarray(i * 3, i * 3 + 3), to);
    words[to + 3] = packed[i] as number;
    writeCovariance(gaussians, i, floats, to + 4);
  }
  return { count, words, rows, positions, ...extent(positions) };
}

/** Writes the covariance R·S·Sᵀ·Rᵀ of one Gaussian: xx, xy, xz, yy, yz, zz. */
function writeCovariance(
  { scales, rotations }: Pick<Gaussians, 'scales' | 'rotations'>,
  i: number,
  out: Float32Array,
  to: number,
): void {
  const [w, x, y, z] = rotations.subarray(i * 4, i * 4 + 4) as unknown as [number, number, number, number];
  const [sx, sy, sz] = scales.subarray(i * 3, i * 3 + 3) as unknown as [number, number, number];
  const [ax, ay, az] = [(1 - 2 * (y * y + z * z)) * sx, 2 * (x * y - w * z) * sy, 2 * (x * z + w * y) * sz];
  const [bx, by, bz] = [2 * (x * y + w * z) * sx, (1 - 2 * (x * x + z * z)) * sy, 2 * (y * z - w * x) * sz];
  const [cx, cy, cz] = [2 * (x * z - w * y) * sx, 2 * (y * z + w * x) * sy, (1 - 2 * (x * x + y * y)) * sz];
  out[to] = ax * ax + ay * ay + az * az;
  out[to + 1] = ax * bx + ay * by + az * bz;
  out[to + 2] = ax * cx + ay * cy + az * cz;
  out[to + 3] = bx * bx + by * by + bz * bz;
  out[to + 4] = bx * cx + by * cy + bz * cz;
  out[to + 5] = cx * cx + cy * cy + cz * cz;
}

function extent(positions: Float32Array): Pick<Packed, 'least' | 'most'> {
  const least: [number, number, number] = [Infinity, Infinity, Infinity];
  const most: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  positions.forEach((value, at) => {
    const axis = at % 3;
    least[axis] = Math.min(least[axis] as number, value);
    most[axis] = Math.max(most[axis] as number, value);
  });
  return { least, most };
}
