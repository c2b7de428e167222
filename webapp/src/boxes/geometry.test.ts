import { describe, expect, it } from 'vitest';
import {
  type Box,
  between,
  fitInside,
  freeBox,
  fromTuple,
  inPercent,
  isInside,
  isTooSmall,
  moveBy,
  resizeBy,
  settle,
  smallestAt,
  toTuple,
} from './geometry.ts';

const size = { width: 600, height: 400 };
const box: Box = { x0: 100, y0: 50, x1: 200, y1: 150 };

describe('between', () => {
  it('orders corners dragged in any direction', () => {
    const expected = { x0: 10, y0: 20, x1: 110, y1: 220 };
    expect(between(10, 20, 110, 220, size)).toEqual(expected);
    expect(between(110, 220, 10, 20, size)).toEqual(expected);
    expect(between(10, 220, 110, 20, size)).toEqual(expected);
  });

  it('rounds to whole pixels and cuts at the edges of the picture', () => {
    expect(between(-5.4, -0.2, 600.9, 3.5, size)).toEqual({ x0: 0, y0: 0, x1: 600, y1: 4 });
  });
});

describe('moveBy', () => {
  it('keeps the size and stops at every edge', () => {
    expect(moveBy(box, 7, -3, size)).toEqual({ x0: 107, y0: 47, x1: 207, y1: 147 });
    expect(moveBy(box, 9999, 9999, size)).toEqual({ x0: 500, y0: 300, x1: 600, y1: 400 });
    expect(moveBy(box, -9999, -9999, size)).toEqual({ x0: 0, y0: 0, x1: 100, y1: 100 });
  });
});

describe('resizeBy', () => {
  it('moves the lower right corner, never below the least size or past the edge', () => {
    expect(resizeBy(box, 5, 6, size, 8)).toEqual({ x0: 100, y0: 50, x1: 205, y1: 156 });
    expect(resizeBy(box, -500, -500, size, 8)).toEqual({ x0: 100, y0: 50, x1: 108, y1: 58 });
    expect(resizeBy(box, 5000, 5000, size, 8)).toEqual({ x0: 100, y0: 50, x1: 600, y1: 400 });
  });
});

describe('fitInside', () => {
  it('makes any rectangle valid', () => {
    for (const wild of [
      { x0: -50, y0: -50, x1: -40, y1: -40 },
      { x0: 599, y0: 399, x1: 601, y1: 402 },
      { x0: 300.2, y0: 100.7, x1: 299, y1: 100.7 },
      { x0: -1e9, y0: 5, x1: 1e9, y1: 6 },
    ]) {
      const valid = fitInside(wild, size, 8);
      expect(isInside(valid, size)).toBe(true);
      expect(isTooSmall(valid, 8)).toBe(false);
    }
  });

  it('keeps a valid box', () => expect(fitInside(box, size, 8)).toEqual(box));
});

describe('settle', () => {
  it('keeps the size of a box dragged over the edge', () => {
    expect(settle({ x0: 550, y0: 50, x1: 650, y1: 150 }, box, size, 8)).toEqual({
      x0: 500,
      y0: 50,
      x1: 600,
      y1: 150,
    });
  });

  it('cuts a box resized over the edge', () => {
    expect(settle({ x0: 100, y0: 50, x1: 700, y1: 150 }, box, size, 8)).toEqual({
      x0: 100,
      y0: 50,
      x1: 600,
      y1: 150,
    });
  });
});

describe('smallestAt', () => {
  const [large, small] = [{ box }, { box: { x0: 150, y0: 100, x1: 180, y1: 120 } }];

  it('finds the smallest box over a point, in whatever order they are', () => {
    expect(smallestAt([small, large], 160, 110, 0)).toBe(small);
    expect(smallestAt([large, small], 160, 110, 0)).toBe(small);
    expect(smallestAt([large, small], 110, 60, 0)).toBe(large);
  });

  it('finds a box near the point, and none farther away', () => {
    expect(smallestAt([large], 205, 60, 6)).toBe(large);
    expect(smallestAt([large], 207, 60, 6)).toBeNull();
  });
});

describe('freeBox', () => {
  it('finds positions that do not overlap, and stays valid when none is left', () => {
    const placed: Box[] = [];
    for (let i = 0; i < 16; i += 1) placed.push(freeBox(placed, size, 8));
    expect(placed.every((one) => isInside(one, size))).toBe(true);
    const corners = new Set(placed.slice(0, 9).map((one) => `${one.x0},${one.y0}`));
    expect(corners.size).toBe(9);
  });

  it('fits a picture that is barely larger than a box', () => {
    expect(isInside(freeBox([], { width: 9, height: 9 }, 8), { width: 9, height: 9 })).toBe(true);
  });
});

describe('tuples', () => {
  it('survive a round trip to the API', () => expect(fromTuple(toTuple(box))).toEqual(box));

  it('are refused when they are not a box', () => {
    expect(fromTuple([1, 2, 3])).toBeNull();
    expect(fromTuple([5, 5, 5, 9])).toBeNull();
    expect(fromTuple([9, 5, 5, 9])).toBeNull();
  });
});

it('places a box in percent of the picture', () => {
  expect(inPercent({ x0: 150, y0: 100, x1: 300, y1: 300 }, size)).toEqual({
    left: 25,
    top: 25,
    width: 25,
    height: 50,
  });
});
