import { expect, it } from 'vitest';
import { tint } from './tint.ts';

const photo = { width: 4, height: 4 };
const square = Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0);

it('shows each pixel of the photo at its own size', () => {
  const { data, edge } = tint(square, photo, photo, [10, 20, 30], false);
  square.forEach((value, i) => {
    expect([...data.subarray(i * 4, i * 4 + 4)]).toEqual(value ? [10, 20, 30, 100] : [0, 0, 0, 0]);
  });
  expect([...new Set(edge)].sort((a, b) => a - b)).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14]);
});

it('shows the photo smaller, and dims the rest on demand', () => {
  const { data } = tint(square, photo, { width: 2, height: 2 }, [1, 2, 3], true);
  // The centers of the four pixels lie on the photo's pixels 5, 7, 13 and 15.
  expect([3, 7, 11, 15].map((at) => data[at])).toEqual([100, 170, 170, 170]);
});
