import type { Seed } from './seeds.ts';

// Points of a raster are given by runs: pairs of the first point and the end, in ascending order, each run
// within a row.

/** The runs of all points. */
export function rowsOf(width: number, height: number): Int32Array {
  const runs = new Int32Array(2 * height);
  for (let y = 0; y < height; y += 1) {
    runs[2 * y] = y * width;
    runs[2 * y + 1] = (y + 1) * width;
  }
  return runs;
}

/**
 * Returns the runs of the points at most so many steps, across and down, from the outline or from a seed,
 * and sets the values of all others to 0 or 1.
 */
export function bandAround(
  values: Float32Array,
  w: number,
  reach: number,
  seeds: readonly Seed[],
): Int32Array {
  const away = stepsFromOutline(values, w, reach + 1, seeds);
  const runs: number[] = [];
  for (let row = 0; row < values.length; row += w) {
    let isNear = false;
    for (let i = row; i < row + w; i += 1) {
      if ((away[i] as number) <= reach !== isNear) {
        isNear = !isNear;
        runs.push(i);
      }
      if (!isNear) values[i] = (values[i] as number) >= 0.5 ? 1 : 0;
    }
    if (isNear) runs.push(row + w);
  }
  return Int32Array.from(runs);
}

/** Counts the steps from each point to the nearest that is at the outline or a seed; `most` if it is farther. */
function stepsFromOutline(values: Float32Array, w: number, most: number, seeds: readonly Seed[]): Uint8Array {
  const count = values.length;
  const away = new Uint8Array(count).fill(most);
  for (const { at } of seeds) away[at] = 0;
  // Points to which the way comes from above or from the left; then all others.
  for (let row = 0; row < count; row += w) {
    let before = most;
    for (let i = row; i < row + w; i += 1) {
      const isIn = (values[i] as number) >= 0.5;
      if (
        (i + 1 < row + w && (values[i + 1] as number) >= 0.5 !== isIn) ||
        (i + w < count && (values[i + w] as number) >= 0.5 !== isIn)
      )
        away[i] = 0;
      if (row > 0) before = Math.min(before, away[i - w] as number);
      before = Math.min(before + 1, away[i] as number);
      away[i] = before;
    }
  }
  for (let row = count - w; row >= 0; row -= w) {
    let before = most;
    for (let i = row + w - 1; i >= row; i -= 1) {
      if (i + w < count) before = Math.min(before, away[i + w] as number);
      before = Math.min(before + 1, away[i] as number);
      away[i] = before;
    }
  }
  return away;
}
