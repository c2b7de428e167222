/** Shortest time between two requests of a tab, in ms. */
const pause = 60_000;

/**
 * Starts the GPU when the user has chosen a photo, so that it starts while the boxes are drawn. A
 * failure changes nothing for the user: the job starts the GPU as well.
 */
export class Waker {
  #last = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly wake: () => Promise<void>,
    /** Whether the service starts the GPU before there is a job. */
    private readonly isOn = false,
    private readonly now: () => number = () => Date.now(),
  ) {}

  /** Requests the start, at most once a minute, and returns at once. */
  photoChosen(): void {
    const now = this.now();
    if (!this.isOn || now - this.#last < pause) return;
    this.#last = now;
    this.wake().catch(() => {});
  }
}
