import { expect, it } from 'vitest';
import { maskOf } from './Mask.ts';
import { around, sample, tint } from './raster.ts';

const photo = { width: 4, height: 4 };
const square = Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0);
const whole = { x0: 0, y0: 0, x1: 4, y1: 4 };

it('shows each pixel of the photo at its own size', () => {
  const inside = new Uint8Array(16);
  expect(sample(maskOf(square, photo), whole, photo, inside)).toEqual({ x0: 1, y0: 1, x1: 3, y1: 3 });
  expect(inside).toEqual(square);
  const words = new Uint32Array(16);
  const edge = tint(inside, photo, { x0: 1, y0: 1, x1: 3, y1: 3 }, words, 9);
  expect([...words]).toEqual([...square].map((value) => value * 9));
  expect([...new Set(edge)].sort((a, b) => a - b)).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14]);
});

it('shows the pixel of the photo under the center of each pixel of the canvas, of any part at any size', () => {
  let seed = 3;
  const random = (below: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  for (let round = 0; round < 300; round += 1) {
    const size = { width: 1 + random(9), height: 1 + random(9) };
    const bitmap = Uint8Array.from({ length: size.width * size.height }, () => random(2));
    // Eighths, which are exact, so that a center is on no other pixel by rounding.
    const [x0, y0] = [random(size.width * 8) / 8, random(size.height * 8) / 8];
    const part = { x0, y0, x1: x0 + (1 + random(16)) / 8, y1: y0 + (1 + random(16)) / 8 };
    const canvas = { width: 2 ** random(4), height: 2 ** random(4) };
    const inside = new Uint8Array(canvas.width * canvas.height);
    const area = sample(maskOf(bitmap, size), part, canvas, inside);
    const wanted = inside.map((_, i) => {
      const x = Math.floor(x0 + ((i % canvas.width) + 0.5) * ((part.x1 - x0) / canvas.width));
      const y = Math.floor(y0 + (Math.floor(i / canvas.width) + 0.5) * ((part.y1 - y0) / canvas.height));
      return x < size.width && y < size.height ? (bitmap[y * size.width + x] as number) : 0;
    });
    expect([...inside]).toEqual([...wanted]);
    expect(area !== null).toBe(wanted.includes(1));
    wanted.forEach((value, i) => {
      if (!value || !area) return;
      const [x, y] = [i % canvas.width, Math.floor(i / canvas.width)];
      expect(x >= area.x0 && x < area.x1 && y >= area.y0 && y < area.y1).toBe(true);
    });
  }
});

it('joins areas', () => {
  const area = { x0: 1, y0: 2, x1: 3, y1: 4 };
  expect(around(null, area)).toBe(area);
  expect(around(area, { x0: 0, y0: 3, x1: 2, y1: 9 })).toEqual({ x0: 0, y0: 2, x1: 3, y1: 9 });
});
