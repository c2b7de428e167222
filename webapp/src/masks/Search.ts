import type { Finder, Prompt } from './Finder.ts';
import type { Mask } from './Mask.ts';
import type { Point } from './Point.ts';

export interface SearchEvents {
  asked(): void;
  /** A prompt has its answer, or a better one: null if no object stands out. */
  found(points: readonly Point[], mask: Mask | null): void;
  failed(): void;
}

/**
 * What a finder finds for one object as its box and points change. Each change has its own array of
 * points, which names its prompt, so that an answer that is late is kept and not shown.
 */
export class Search {
  readonly #found = new WeakMap<readonly Point[], Mask | null>();
  #pending: readonly Point[] | null = null;
  #isOpen = true;

  constructor(
    private readonly finder: Finder,
    private readonly events: SearchEvents,
  ) {}

  /** Ends the search: no answer is reported any more. */
  close(): void {
    this.#isOpen = false;
  }

  /** The mask without the painting; undefined if it is not known. */
  get(points: readonly Point[]): Mask | null | undefined {
    return this.#found.get(points);
  }

  /** Asks for the mask, unless it is known or has been asked for. */
  ask(prompt: Prompt): void {
    const { points } = prompt;
    if (this.#found.has(points) || this.#pending === points) return;
    this.#pending = points;
    this.events.asked();
    this.finder
      .find(prompt, (better) => this.#answered(points, better))
      .then(
        (mask) => this.#answered(points, mask),
        () => {
          if (!this.#isOpen || this.#pending !== points) return;
          this.#pending = null;
          this.events.failed();
        },
      );
  }

  #answered(points: readonly Point[], mask: Mask | null): void {
    if (!this.#isOpen) return;
    this.#found.set(points, mask);
    if (this.#pending === points) this.#pending = null;
    this.events.found(points, mask);
  }
}
