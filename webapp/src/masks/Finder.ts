import type { Box } from '../boxes/geometry.ts';
import type { Mask } from './Mask.ts';
import type { Point } from './Point.ts';

/** What marks an object in a photo. */
export interface Prompt {
  readonly box: Box;
  readonly points: readonly Point[];
}

/** Takes a mask that was found for the same prompt, later and by better means. */
export type Better = (mask: Mask) => void;

/** Finds masks in one photo. */
export interface Finder {
  /** Says how masks are found, if there is something to say. The tool shows it. */
  readonly note: HTMLElement;
  /**
   * Resolves to the object's mask, or to null if no object stands out. `better` is called at most once,
   * after that.
   */
  find(prompt: Prompt, better?: Better): Promise<Mask | null>;
  close(): void;
}
