import type { Size } from '../boxes/geometry.ts';
import { emptyMask, type Mask, pixelsIn, union, without } from './Mask.ts';

/** What the user has painted on a found mask, which stays when another mask is found. */
export interface Painting {
  readonly added: Mask;
  readonly erased: Mask;
}

/** Returns the mask with the painting on it; without either, nothing. */
export function painted(found: Mask | null, painting: Painting | null, size: Size): Mask | null {
  if (!painting) return found;
  const mask = without(union(found ?? emptyMask(size), painting.added), painting.erased);
  return pixelsIn(mask) > 0 ? mask : null;
}

/** Adds a stroke to a painting: the later stroke decides. */
export function withStroke(painting: Painting | null, stroke: Mask, erases: boolean): Painting {
  const none = emptyMask(stroke);
  const { added, erased } = painting ?? { added: none, erased: none };
  return erases
    ? { added: without(added, stroke), erased: union(erased, stroke) }
    : { added: union(added, stroke), erased: without(erased, stroke) };
}
