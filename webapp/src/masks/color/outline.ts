import type { Seed } from './seeds.ts';

/** The raster of an outline: weights of the steps to the next points, and the dual variables. */
export interface Grid {
  readonly width: number;
  readonly across: Float32Array;
  readonly down: Float32Array;
  readonly px: Float32Array;
  readonly py: Float32Array;
}

const step = 0.3535;

// What is special about a point: it is at the rim, or its value may change.
const lastColumn = 1;
const lastRow = 2;
const changes = 4;

/**
 * Returns values 0…1 that minimize the sum of fit · value and of the weighted differences between
 * neighbors, by primal-dual steps from a guess; see model-image/server/mask/outline.go. Only the
 * points of the band change.
 */
export function outline(
  { width: w, across, down, px, py }: Grid,
  fit: Float32Array,
  guess: Float32Array,
  band: Int32Array,
  steps: number,
): Float32Array {
  const u = guess.slice();
  const bar = guess.slice();
  const count = u.length;
  const sources = grow(band, w, count);
  const isInBand = new Uint8Array(count);
  for (const i of band) isInBand[i] = 1;
  const kinds = new Uint8Array(sources.length);
  // The squares of the weights, and the product of both.
  const squares = new Float64Array(sources.length * 3);
  for (let k = 0; k < sources.length; k += 1) {
    const i = sources[k] as number;
    kinds[k] =
      (i % w === w - 1 ? lastColumn : 0) | (i + w >= count ? lastRow : 0) | (isInBand[i] ? changes : 0);
    const wx = across[i] as number;
    const wy = down[i] as number;
    squares[k * 3] = wx * wx;
    squares[k * 3 + 1] = wy * wy;
    squares[k * 3 + 2] = wx * wx * wy * wy;
  }
  for (let round = 0; round < steps; round += 1) pass({ w, px, py, fit, u, bar, sources, kinds, squares });
  return u;
}

interface Pass {
  readonly w: number;
  readonly px: Float32Array;
  readonly py: Float32Array;
  readonly fit: Float32Array;
  readonly u: Float32Array;
  readonly bar: Float32Array;
  readonly sources: Int32Array;
  readonly kinds: Uint8Array;
  readonly squares: Float64Array;
}

/** One step of both variables. A function of its own, which the browser compiles as a whole. */
function pass({ w, px, py, fit, u, bar, sources, kinds, squares }: Pass): void {
  // One pass for both steps: what the dual step of a point takes comes after it, what the primal
  // step takes comes before it.
  for (let k = 0, at = 0; k < sources.length; k += 1, at += 3) {
    const i = sources[k] as number;
    const kind = kinds[k] as number;
    const here = bar[i] as number;
    const gx = kind & lastColumn ? 0 : (bar[i + 1] as number) - here;
    const gy = kind & lastRow ? 0 : (bar[i + w] as number) - here;
    let qx = (px[i] as number) + step * gx;
    let qy = (py[i] as number) + step * gy;
    // Projects onto the ellipse whose semi-axes are the two weights. The factor is 1 inside it: a branch
    // that is taken half of the time costs more than a square root.
    const n = qx * qx * (squares[at + 1] as number) + qy * qy * (squares[at] as number);
    const most = squares[at + 2] as number;
    const factor = Math.sqrt(most / Math.max(n, most));
    qx *= factor;
    qy *= factor;
    px[i] = qx;
    py[i] = qy;
    if (!(kind & changes)) continue;
    // In the last column px stays 0: the first column has nothing on its left.
    const left = i > 0 ? (px[i - 1] as number) : 0;
    const above = i >= w ? (py[i - w] as number) : 0;
    const before = u[i] as number;
    const v = Math.min(1, Math.max(0, before + step * (qx + qy - left - above - (fit[i] as number))));
    bar[i] = 2 * v - before;
    u[i] = v;
  }
}

/**
 * Returns the points within reach of the outline and of the seeds, in ascending order, and sets the
 * values of all others to 0 or 1.
 */
export function bandAround(
  values: Float32Array,
  w: number,
  reach: number,
  seeds: readonly Seed[],
): Int32Array {
  const count = values.length;
  const crossing: number[] = seeds.map(({ at }) => at);
  for (let i = 0; i < count; i += 1) {
    const isIn = (values[i] as number) >= 0.5;
    if (
      ((i % w) + 1 < w && (values[i + 1] as number) >= 0.5 !== isIn) ||
      (i + w < count && (values[i + w] as number) >= 0.5 !== isIn)
    )
      crossing.push(i);
  }
  let points = Int32Array.from(crossing);
  for (let round = 0; round < reach; round += 1) points = grow(points, w, count);
  const near = new Uint8Array(count);
  for (const i of points) near[i] = 1;
  for (let i = 0; i < count; i += 1) if (!near[i]) values[i] = (values[i] as number) >= 0.5 ? 1 : 0;
  return points;
}

/** Returns the points and their neighbors, in ascending order. */
function grow(points: Int32Array, w: number, count: number): Int32Array<ArrayBuffer> {
  const marked = new Uint8Array(count);
  for (const i of points) {
    marked[i] = 1;
    if (i % w !== 0) marked[i - 1] = 1;
    if ((i + 1) % w !== 0) marked[i + 1] = 1;
    if (i >= w) marked[i - w] = 1;
    if (i + w < count) marked[i + w] = 1;
  }
  let size = 0;
  for (const mark of marked) size += mark;
  const grown = new Int32Array(size);
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    if (!marked[i]) continue;
    grown[at] = i;
    at += 1;
  }
  return grown;
}
