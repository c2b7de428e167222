import type { Box, Size } from '../boxes/geometry.ts';
import type { Mask } from './Mask.ts';

/** Rows and columns of a canvas: the left and upper ones inclusive, the others exclusive. */
export type Area = Box;

/**
 * Sets the pixels of a canvas that show the inside of a mask to 1. The canvas shows a part of the
 * photo; each of its pixels shows the photo's pixel under its center. Returns the area in which
 * there are such pixels, or null. It reads the mask's runs, and never has the whole photo's pixels.
 */
export function sample(mask: Mask, part: Box, { width, height }: Size, canvas: Uint8Array): Area | null {
  // The first column or row of the canvas that shows this one of the photo, or a later one.
  const column = firstFrom(part.x0, (part.x1 - part.x0) / width, width);
  const row = firstFrom(part.y0, (part.y1 - part.y0) / height, height);
  const [begin, end] = [Math.floor(part.y0) * mask.width, Math.ceil(part.y1) * mask.width];
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  let at = 0;
  for (let i = 0; i < mask.runs.length && at < end; i += 1) {
    const start = at;
    at += mask.runs[i] as number;
    if (i % 2 === 0 || at <= begin) continue;
    // A run may go on over several rows of the photo.
    let y = Math.floor(Math.max(start, begin) / mask.width);
    for (let from = Math.max(start, begin); from < at && from < end; y += 1, from = y * mask.width) {
      const [top, bottom] = [row(y), row(y + 1)];
      if (top === bottom) continue;
      const left = column(from - y * mask.width);
      const right = column(Math.min(at - y * mask.width, mask.width));
      if (left === right) continue;
      for (let line = top; line < bottom; line += 1)
        canvas.fill(1, line * width + left, line * width + right);
      [x0, y0] = [Math.min(x0, left), Math.min(y0, top)];
      [x1, y1] = [Math.max(x1, right), Math.max(y1, bottom)];
    }
  }
  return x0 < x1 ? { x0, y0, x1, y1 } : null;
}

function firstFrom(start: number, step: number, length: number): (pixel: number) => number {
  return (pixel) => Math.min(Math.max(Math.ceil((pixel - start) / step - 0.5), 0), length);
}

/**
 * Gives the pixels inside their color, and returns the pixels along the outline, which is two pixels
 * wide: one on each side.
 */
export function tint(
  inside: Uint8Array,
  { width, height }: Size,
  { x0, y0, x1, y1 }: Area,
  words: Uint32Array,
  color: number,
): number[] {
  const edge: number[] = [];
  // One more column and row, in which the outline may be.
  const [right, bottom] = [Math.min(x1 + 1, width), Math.min(y1 + 1, height)];
  for (let y = y0; y < bottom; y += 1) {
    let i = y * width + x0;
    let before = x0 > 0 ? inside[i - 1] : inside[i];
    for (let x = x0; x < right; x += 1, i += 1) {
      const here = inside[i];
      if (here) words[i] = color;
      if (here !== before) edge.push(i - 1, i);
      if (y > 0 && here !== inside[i - width]) edge.push(i - width, i);
      before = here;
    }
  }
  return edge;
}

/** The smallest area that has both. */
export function around(a: Area | null, b: Area | null): Area | null {
  if (!a || !b) return a ?? b;
  return {
    x0: Math.min(a.x0, b.x0),
    y0: Math.min(a.y0, b.y0),
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
  };
}
