import { expect, it } from 'vitest';
import { bitmapOf, maskOf, maskOfPart, pixelsIn, union, without } from './Mask.ts';

const size = { width: 4, height: 3 };

it.each([
  ['empty', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [12]],
  ['full', [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [0, 12]],
  ['from the first pixel', [1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1], [0, 1, 4, 2, 4, 1]],
])('keeps a bitmap in runs: %s', (_, pixels, runs) => {
  const mask = maskOf(Uint8Array.from(pixels), size);
  expect([...mask.runs]).toEqual(runs);
  expect([...bitmapOf(mask)]).toEqual(pixels);
  expect(pixelsIn(mask)).toBe(pixels.reduce((sum, value) => sum + value, 0));
});

it('places a part of the photo', () => {
  const part = { x0: 1, y0: 1, x1: 3, y1: 3 };
  const mask = maskOfPart(Uint8Array.of(255, 0, 255, 255), part, size);
  expect([...bitmapOf(mask)]).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0]);
  const whole = { x0: 0, y0: 0, x1: 4, y1: 3 };
  expect([...maskOfPart(new Uint8Array(12).fill(255), whole, size).runs]).toEqual([0, 12]);
  expect([...maskOfPart(new Uint8Array(12), whole, size).runs]).toEqual([12]);
});

it('joins masks, and takes one from another', () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed;
  };
  for (let round = 0; round < 200; round += 1) {
    const [a, b] = [0, 1].map(() => Uint8Array.from({ length: 12 }, () => random() % 2)) as [
      Uint8Array,
      Uint8Array,
    ];
    const [inA, inB] = [maskOf(a, size), maskOf(b, size)];
    const either = maskOf(
      a.map((value, i) => value | (b[i] as number)),
      size,
    );
    const rest = maskOf(
      a.map((value, i) => value & ~(b[i] as number)),
      size,
    );
    expect(union(inA, inB)).toEqual(either);
    expect(without(inA, inB)).toEqual(rest);
  }
});
