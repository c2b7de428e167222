/** Resolution while something moves, relative to the one at rest, on a machine that is slow. */
const coarse = 0.5;

/** Seconds of a frame above which a movement looks jerky. */
const slow = 0.07;

/** Milliseconds without a frame after which the view is at rest. */
const pause = 220;

/**
 * Pixels for a CSS pixel: all that are seen while the view is at rest, fewer during a movement on a
 * machine that draws slowly, such as one without a GPU.
 */
export class Resolution {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #slowFrames = 0;
  #isCoarse = false;

  constructor(
    /** Pixels for a CSS pixel while nothing moves. */
    public atRest: number,
    private readonly changed: () => void,
  ) {}

  get ratio(): number {
    return this.atRest * (this.#isCoarse ? coarse : 1);
  }

  /** Takes the seconds between two frames of a movement. */
  drew(seconds: number): void {
    this.#slowFrames = seconds > slow ? this.#slowFrames + 1 : 0;
    if (this.#slowFrames > 2 && !this.#isCoarse) {
      this.#isCoarse = true;
      this.changed();
    }
    if (!this.#isCoarse) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.rest(), pause);
  }

  /** Returns to the full resolution. */
  rest(): void {
    clearTimeout(this.#timer);
    if (!this.#isCoarse) return;
    this.#isCoarse = false;
    this.changed();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
