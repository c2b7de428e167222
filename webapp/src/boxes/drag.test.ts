import { expect, it } from 'vitest';
import { dragged } from './drag.ts';
import type { Grip } from './grip.ts';

const size = { width: 100, height: 80 };
const box = { x0: 20, y0: 20, x1: 60, y1: 50 };

it.each<[Grip, [number, number], [number, number, number, number]]>([
  ['inside', [5, -7], [25, 13, 65, 43]],
  ['inside', [90, 90], [60, 50, 100, 80]],
  ['topLeft', [-3.4, 2.6], [17, 23, 60, 50]],
  ['bottomRight', [99, 99], [20, 20, 100, 80]],
  ['topRight', [4, 50], [20, 50, 64, 70]],
  ['left', [9, 9], [29, 20, 60, 50]],
  ['bottom', [9, 9], [20, 20, 60, 59]],
  ['right', [-38, 0], [20, 20, 28, 50]],
])('the %s of a box dragged by %j', (grip, [dx, dy], [x0, y0, x1, y1]) => {
  expect(dragged(box, grip, dx, dy, size, 8)).toEqual({ x0, y0, x1, y1 });
});
