import { expect, it } from 'vitest';
import { bandAround } from './band.ts';

const [w, h] = [13, 9];

/** The points of runs. */
function pointsIn(runs: Int32Array): number[] {
  const points: number[] = [];
  for (let r = 0; r < runs.length; r += 2) {
    const [start, end] = [runs[r] as number, runs[r + 1] as number];
    expect(Math.floor(start / w)).toBe(Math.floor((end - 1) / w));
    for (let i = start; i < end; i += 1) points.push(i);
  }
  return points;
}

it('has the points so many steps around the outline and a seed, and decides all others', () => {
  const values = new Float32Array(w * h).fill(0.2);
  for (let y = 2; y < h; y += 1) values.fill(0.7, y * w, y * w + 3);
  const seed = { at: 1 * w + 11, isInside: true, color: new Float32Array(3) };
  const isIn = (x: number, y: number): boolean => x < 3 && y >= 2;
  const crosses = (x: number, y: number): boolean =>
    (x + 1 < w && isIn(x, y) !== isIn(x + 1, y)) || (y + 1 < h && isIn(x, y) !== isIn(x, y + 1));
  const wanted: number[] = [];
  for (let y = 0; y < h; y += 1) {
    for (let x = 0; x < w; x += 1) {
      let isNear = Math.abs(x - 11) + Math.abs(y - 1) <= 2;
      for (let v = 0; v < h; v += 1) {
        for (let u = 0; u < w; u += 1) isNear ||= crosses(u, v) && Math.abs(x - u) + Math.abs(y - v) <= 2;
      }
      if (isNear) wanted.push(y * w + x);
    }
  }
  expect(pointsIn(bandAround(values, w, 2, [seed]))).toEqual(wanted);
  values.forEach((value, i) => {
    const decided = isIn(i % w, Math.floor(i / w)) ? 1 : 0;
    expect(value).toBeCloseTo(wanted.includes(i) ? 0.2 + decided / 2 : decided);
  });
});

it('has no points without an outline', () => {
  expect(bandAround(new Float32Array(w * h), w, 2, [])).toHaveLength(0);
});
