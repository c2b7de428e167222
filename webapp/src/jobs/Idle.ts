/** Safari has no requestIdleCallback. */
const hasIdle = typeof requestIdleCallback === 'function';

const later = (run: () => void): number => (hasIdle ? requestIdleCallback(run) : window.setTimeout(run, 50));

/** Work in steps, each of which is done when the browser has nothing else to do. */
export class Idle {
  #waiting = 0;

  constructor(
    /** Does one step; returns whether there are more. */
    private readonly step: () => boolean,
  ) {}

  /** Begins, unless it has begun. */
  begin(): void {
    this.#waiting ||= later(() => {
      this.#waiting = 0;
      if (this.step()) this.begin();
    });
  }

  end(): void {
    if (hasIdle) cancelIdleCallback(this.#waiting);
    else clearTimeout(this.#waiting);
    this.#waiting = 0;
  }
}
