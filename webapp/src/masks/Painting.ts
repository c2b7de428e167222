import type { Size } from '../boxes/geometry.ts';
import { bitmapOf, type Mask, maskOf } from './Mask.ts';

/** What the user has painted on a found mask, which stays when another mask is found. */
export interface Painting {
  readonly added: Mask;
  readonly erased: Mask;
}

/** Returns the mask with the painting on it; without either, nothing. */
export function painted(found: Mask | null, painting: Painting | null, size: Size): Mask | null {
  if (!painting) return found;
  const bitmap = found ? bitmapOf(found) : new Uint8Array(size.width * size.height);
  fillRuns(bitmap, painting.added, 1);
  fillRuns(bitmap, painting.erased, 0);
  return bitmap.includes(1) ? maskOf(bitmap, size) : null;
}

/** Adds a stroke, one byte a pixel, to a painting: the later stroke decides. */
export function withStroke(
  painting: Painting | null,
  stroke: Uint8Array,
  erases: boolean,
  size: Size,
): Painting {
  const empty = (): Uint8Array => new Uint8Array(size.width * size.height);
  const added = painting ? bitmapOf(painting.added) : empty();
  const erased = painting ? bitmapOf(painting.erased) : empty();
  const [on, off] = erases ? [erased, added] : [added, erased];
  for (let i = 0; i < stroke.length; i += 1) {
    if (!stroke[i]) continue;
    on[i] = 1;
    off[i] = 0;
  }
  return { added: maskOf(added, size), erased: maskOf(erased, size) };
}

function fillRuns(bitmap: Uint8Array, { runs }: Mask, value: number): void {
  let at = 0;
  runs.forEach((run, i) => {
    if (i % 2 === 1) bitmap.fill(value, at, at + run);
    at += run;
  });
}
