import type { Box, Size } from '../boxes/geometry.ts';

/** An object's pixels in a photo, in a form that can be kept: it never changes. */
export interface Mask extends Size {
  /**
   * The lengths of alternating runs of pixels outside and inside the object, by rows from the left
   * upper corner, the first one outside. Together they are the photo's pixels.
   */
  readonly runs: Uint32Array;
  /** The object of the earlier job whose mask this is, unchanged, by its number. */
  readonly copyOf?: number;
}

/** Returns one byte a pixel: 1 inside the object, 0 outside. */
export function bitmapOf({ width, height, runs }: Mask): Uint8Array {
  const bitmap = new Uint8Array(width * height);
  let at = 0;
  for (let i = 0; i < runs.length; i += 1) {
    const end = at + (runs[i] as number);
    if (i % 2 === 1) bitmap.fill(1, at, end);
    at = end;
  }
  return bitmap;
}

/** Returns the mask of a bitmap; any value but 0 is inside the object. */
export function maskOf(bitmap: Uint8Array, { width, height }: Size): Mask {
  const runs: number[] = [];
  let isInside = false;
  let start = 0;
  while (start < bitmap.length) {
    let end = start;
    while (end < bitmap.length && (bitmap[end] !== 0) === isInside) end += 1;
    runs.push(end - start);
    isInside = !isInside;
    start = end;
  }
  return { width, height, runs: Uint32Array.from(runs) };
}

/** Returns the mask of a part of the photo, one byte a pixel of the part: 255 inside, 0 outside. */
export function maskOfPart(cover: Uint8Array, part: Box, { width, height }: Size): Mask {
  const runs: number[] = [0];
  let isInside = false;
  const extend = (value: boolean, length: number): void => {
    if (length === 0) return;
    if (value !== isInside) {
      runs.push(0);
      isInside = value;
    }
    runs.push((runs.pop() as number) + length);
  };
  const wide = part.x1 - part.x0;
  extend(false, part.y0 * width);
  for (let y = 0; y < part.y1 - part.y0; y += 1) {
    extend(false, part.x0);
    const end = (y + 1) * wide;
    for (let x = y * wide; x < end; ) {
      const value = cover[x] === 255;
      const next = cover.subarray(x, end).indexOf(value ? 0 : 255);
      const length = next < 0 ? end - x : next;
      extend(value, length);
      x += length;
    }
    extend(false, width - part.x1);
  }
  extend(false, (height - part.y1) * width);
  return { width, height, runs: Uint32Array.from(runs) };
}

/** The number of pixels inside the object. */
export const pixelsIn = ({ runs }: Mask): number =>
  runs.reduce((sum, run, i) => (i % 2 === 1 ? sum + run : sum), 0);
