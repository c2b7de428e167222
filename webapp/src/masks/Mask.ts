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

/** Writes a mask from the left upper corner on. */
export class MaskWriter {
  #runs = new Uint32Array(1024);
  /** The run that is being written: 0, 2, … are outside. */
  #run = 0;
  #length = 0;

  /** How many pixels have been written. */
  get length(): number {
    return this.#length;
  }

  add(isInside: boolean, count: number): void {
    if (count === 0) return;
    if (isInside !== (this.#run % 2 === 1)) {
      this.#run += 1;
      if (this.#run === this.#runs.length) this.#grow();
    }
    this.#runs[this.#run] = (this.#runs[this.#run] as number) + count;
    this.#length += count;
  }

  /** Returns the mask; pixels that were not written are outside. */
  finish({ width, height }: Size): Mask {
    this.add(false, width * height - this.#length);
    return { width, height, runs: this.#runs.slice(0, this.#run + 1) };
  }

  #grow(): void {
    const runs = this.#runs;
    this.#runs = new Uint32Array(runs.length * 2);
    this.#runs.set(runs);
  }
}

export const emptyMask = (size: Size): Mask => new MaskWriter().finish(size);

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
export function maskOf(bitmap: Uint8Array, size: Size): Mask {
  const mask = new MaskWriter();
  let isInside = false;
  let start = 0;
  while (start < bitmap.length) {
    let end = start;
    while (end < bitmap.length && (bitmap[end] !== 0) === isInside) end += 1;
    mask.add(isInside, end - start);
    isInside = !isInside;
    start = end;
  }
  return mask.finish(size);
}

/** Returns the mask of a part of the photo, one byte a pixel of the part: 255 inside, 0 outside. */
export function maskOfPart(cover: Uint8Array, part: Box, size: Size): Mask {
  const mask = new MaskWriter();
  const wide = part.x1 - part.x0;
  for (let y = 0; y < part.y1 - part.y0; y += 1) {
    mask.add(false, (part.y0 + y) * size.width + part.x0 - mask.length);
    const end = (y + 1) * wide;
    for (let x = y * wide; x < end; ) {
      const value = cover[x] === 255;
      const next = cover.subarray(x, end).indexOf(value ? 0 : 255);
      const length = next < 0 ? end - x : next;
      mask.add(value, length);
      x += length;
    }
  }
  return mask.finish(size);
}

/** The pixels of either mask of one photo. */
export const union = (a: Mask, b: Mask): Mask => combine(a, b, (inA, inB) => inA || inB);

/** The pixels of `a` that are not in `b`. */
export const without = (a: Mask, b: Mask): Mask => combine(a, b, (inA, inB) => inA && !inB);

function combine(a: Mask, b: Mask, rule: (inA: boolean, inB: boolean) => boolean): Mask {
  const mask = new MaskWriter();
  let [i, j] = [0, 0];
  let [leftA, leftB] = [a.runs[0] ?? 0, b.runs[0] ?? 0];
  while (i < a.runs.length && j < b.runs.length) {
    const step = Math.min(leftA, leftB);
    mask.add(rule(i % 2 === 1, j % 2 === 1), step);
    leftA -= step;
    leftB -= step;
    if (leftA === 0) {
      i += 1;
      leftA = a.runs[i] ?? 0;
    }
    if (leftB === 0) {
      j += 1;
      leftB = b.runs[j] ?? 0;
    }
  }
  return mask.finish(a);
}

/** The number of pixels inside the object. */
export const pixelsIn = ({ runs }: Mask): number =>
  runs.reduce((sum, run, i) => (i % 2 === 1 ? sum + run : sum), 0);
