import { type Box, heightOf, widthOf } from '../../boxes/geometry.ts';
import type { Point } from '../Point.ts';
import { crop, type Picture } from './Picture.ts';
import { toOkLab } from './okLab.ts';

/** A point of the user on a raster. */
export interface Seed {
  readonly at: number;
  readonly isInside: boolean;
  /** OKLab times 100, at the photo's resolution. */
  readonly color: Float32Array;
}

/** Places points on the raster of a part of the photo. Those outside it are left out. */
export function seedsOf(
  picture: Picture,
  points: readonly Point[],
  part: Box,
  width: number,
  height: number,
): Seed[] {
  return points
    .filter(({ x, y }) => x >= part.x0 && x < part.x1 && y >= part.y0 && y < part.y1)
    .map((point) => {
      const x = Math.floor(((2 * (point.x - part.x0) + 1) * width) / (2 * widthOf(part)));
      const y = Math.floor(((2 * (point.y - part.y0) + 1) * height) / (2 * heightOf(part)));
      return { at: y * width + x, isInside: point.isInside, color: colorAt(picture, point) };
    });
}

/** The mean color of the pixels around a point. */
function colorAt(picture: Picture, { x, y }: Point): Float32Array {
  const around = {
    x0: Math.max(0, x - 1),
    y0: Math.max(0, y - 1),
    x1: Math.min(picture.width, x + 2),
    y1: Math.min(picture.height, y + 2),
  };
  const [red = 0, green = 0, blue = 0] = crop(picture, around, 1, 1);
  const color = new Float32Array(3);
  toOkLab(red, green, blue, color, 0);
  return color;
}
