import type { Box } from '../boxes/geometry.ts';
import type { Mask } from './Mask.ts';
import type { Point } from './Point.ts';

/** What marks an object in a photo. */
export interface Prompt {
  readonly box: Box;
  readonly points: readonly Point[];
}

/** Finds masks in one photo. */
export interface Finder {
  /** Resolves to the object's mask, or to null if no object stands out. */
  find(prompt: Prompt): Promise<Mask | null>;
  close(): void;
}
