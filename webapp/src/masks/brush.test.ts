import { expect, it } from 'vitest';
import { covered } from './brush.ts';
import { bitmapOf } from './Mask.ts';

const size = { width: 7, height: 5 };

function rows(from: [number, number], to: [number, number], radius: number): string[] {
  const bitmap = bitmapOf(covered(size, { x: from[0], y: from[1] }, { x: to[0], y: to[1] }, radius));
  return [0, 1, 2, 3, 4].map((y) => [...bitmap.subarray(y * 7, y * 7 + 7)].join(''));
}

it('covers the pixels whose centers are under the brush', () => {
  expect(rows([3.5, 2.5], [3.5, 2.5], 1.2)).toEqual(['0000000', '0001000', '0011100', '0001000', '0000000']);
  expect(rows([1.5, 2.5], [5.5, 2.5], 0.5)).toEqual(['0000000', '0000000', '0111110', '0000000', '0000000']);
});

it('stays in the photo', () => {
  expect(rows([0, 0], [0, 0], 1.6)).toEqual(['1100000', '1000000', '0000000', '0000000', '0000000']);
  expect(rows([-9, 2.5], [99, 2.5], 0.6)).toEqual(['0000000', '0000000', '1111111', '0000000', '0000000']);
});

it('covers what each position between covers', () => {
  const slanted = ['1100000', '0110000', '0011100', '0000110', '0000011'];
  expect(rows([0.5, 0.5], [6.5, 4.5], 0.8)).toEqual(slanted);
});
