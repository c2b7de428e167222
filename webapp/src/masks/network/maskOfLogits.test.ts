import { expect, it } from 'vitest';
import { bitmapOf } from '../Mask.ts';
import { maskOfLogits, maskSide } from './maskOfLogits.ts';

/** Logits that are a function of the place in the photo, 0 to 1 across and down. */
const raster = (logit: (x: number, y: number) => number): Float32Array =>
  Float32Array.from({ length: maskSide * maskSide }, (_, i) =>
    logit(((i % maskSide) + 0.5) / maskSide, (Math.floor(i / maskSide) + 0.5) / maskSide),
  );

it('interpolates logits, so that an edge is as fine as the pixels of the photo', () => {
  const photo = { width: 3000, height: 1100 };
  // Linear functions stay what they are under bilinear interpolation.
  const mask = maskOfLogits(
    raster((x, y) => 0.731 - x + 0.2 * y),
    photo,
  );
  const bitmap = bitmapOf(mask ?? { ...photo, runs: new Uint32Array() });
  let wrong = 0;
  // Beyond the centers of the outermost points the values are repeated.
  for (let y = 3; y < photo.height - 3; y += 1) {
    for (let x = 0; x < photo.width; x += 1) {
      const edge = 0.731 + (0.2 * (y + 0.5)) / photo.height - (x + 0.5) / photo.width;
      if (Math.abs(edge) > 1e-5 && (edge > 0 ? 1 : 0) !== bitmap[y * photo.width + x]) wrong += 1;
    }
  }
  expect(wrong).toBe(0);
});

it('is also right for a photo that is smaller than the raster', () => {
  const photo = { width: 64, height: 100 };
  const mask = maskOfLogits(
    raster((x) => x - 0.5),
    photo,
  );
  const bitmap = bitmapOf(mask ?? { ...photo, runs: new Uint32Array() });
  expect([...bitmap]).toEqual(Array.from({ length: 6400 }, (_, i) => (i % 64 >= 32 ? 1 : 0)));
});

it('finds nothing where no logit is above 0, and everything where all are', () => {
  const photo = { width: 300, height: 200 };
  expect(
    maskOfLogits(
      raster(() => 0),
      photo,
    ),
  ).toBeNull();
  const all = maskOfLogits(
    raster(() => 1),
    photo,
  );
  expect(all && [...all.runs]).toEqual([0, 60_000]);
});
