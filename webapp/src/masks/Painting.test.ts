import { expect, it } from 'vitest';
import { bitmapOf, maskOf } from './Mask.ts';
import { painted, withStroke } from './Painting.ts';

const size = { width: 4, height: 1 };
const mask = (...pixels: number[]) => maskOf(Uint8Array.from(pixels), size);
const pixels = (of: ReturnType<typeof painted>) => of && [...bitmapOf(of)];

it('stays on another mask, and the later stroke decides', () => {
  const added = withStroke(null, mask(1, 1, 0, 0), false);
  expect(pixels(painted(mask(0, 0, 0, 1), added, size))).toEqual([1, 1, 0, 1]);
  const erased = withStroke(added, mask(0, 1, 0, 1), true);
  expect(pixels(painted(mask(0, 0, 0, 1), erased, size))).toEqual([1, 0, 0, 0]);
  expect(pixels(painted(mask(1, 1, 1, 1), erased, size))).toEqual([1, 0, 1, 0]);
  expect(pixels(painted(mask(0, 0, 0, 0), withStroke(erased, mask(0, 1, 0, 0), false), size))).toEqual([
    1, 1, 0, 0,
  ]);
});

it('is a mask by itself, and no mask if nothing is left', () => {
  const added = withStroke(null, mask(1, 0, 0, 0), false);
  expect(pixels(painted(null, added, size))).toEqual([1, 0, 0, 0]);
  const erased = withStroke(added, mask(1, 0, 0, 0), true);
  expect(painted(null, erased, size)).toBeNull();
  expect(painted(null, null, size)).toBeNull();
});
