/** What became of one look at the service. */
export type Look =
  /** Something is unfinished and it moved: look again soon. */
  | 'moved'
  /** Something is unfinished, nothing moved: look again, less often. */
  | 'same'
  /** Nothing is unfinished, but something may begin elsewhere: look again from time to time. */
  | 'idle'
  /** Nothing is left to wait for. */
  | 'done';

/** The world outside, as far as waiting goes. */
export interface Surroundings {
  setTimer(run: () => void, ms: number): number;
  clearTimer(timer: number): void;
  isVisible(): boolean;
  /** Calls back when the tab is shown or hidden; the answer stops that. */
  onVisibility(changed: () => void): () => void;
}

export const browserSurroundings: Surroundings = {
  setTimer: (run, ms) => window.setTimeout(run, ms),
  clearTimer: (timer) => window.clearTimeout(timer),
  isVisible: () => document.visibilityState === 'visible',
  onVisibility: (changed) => {
    document.addEventListener('visibilitychange', changed);
    return () => document.removeEventListener('visibilitychange', changed);
  },
};

export const shortestWait = 1000;
export const longestWait = 10_000;
/** Each look costs a few dozen reads of the storage, so one that expects nothing waits longer. */
export const idleWait = 20_000;
export const longestWaitAfterFailure = 30_000;

/**
 * Looks at the service again and again while there is something to wait for
 * and the tab is shown. A look that was overtaken is aborted, and what it still
 * answers is dropped.
 */
export class Poller {
  #wait = shortestWait;
  #timer: number | null = null;
  #look: AbortController | null = null;
  #running = false;
  #waiting = false;
  #stopWatching: (() => void) | null = null;

  constructor(
    /** Looks once; it must give up when the signal says so. */
    private readonly look: (signal: AbortSignal) => Promise<Look>,
    /** Told of a look that failed, with whether another one will follow. */
    private readonly failed: (error: unknown) => boolean,
    private readonly surroundings: Surroundings = browserSurroundings,
  ) {}

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#stopWatching = this.surroundings.onVisibility(() => this.#visibilityChanged());
    this.nudge();
  }

  stop(): void {
    this.#running = false;
    this.#waiting = false;
    this.#stopWatching?.();
    this.#stopWatching = null;
    this.#cancel();
  }

  /** Looks at once, overtaking a look that is under way. */
  nudge(): void {
    if (!this.#running) return;
    this.#wait = shortestWait;
    void this.#run();
  }

  #cancel(): void {
    if (this.#timer !== null) this.surroundings.clearTimer(this.#timer);
    this.#timer = null;
    this.#look?.abort();
    this.#look = null;
  }

  #visibilityChanged(): void {
    if (!this.#waiting) return;
    if (this.surroundings.isVisible()) this.nudge();
    else this.#cancel();
  }

  async #run(): Promise<void> {
    this.#cancel();
    this.#waiting = true;
    const mine = new AbortController();
    this.#look = mine;
    let again: boolean;
    try {
      const seen = await this.look(mine.signal);
      if (this.#look !== mine) return;
      this.#wait = waitAfter(seen, this.#wait);
      again = seen !== 'done';
    } catch (error) {
      if (this.#look !== mine) return;
      this.#wait = Math.min(this.#wait * 2, longestWaitAfterFailure);
      again = this.failed(error);
    }
    this.#look = null;
    this.#waiting = again;
    if (again && this.#running && this.surroundings.isVisible()) {
      this.#timer = this.surroundings.setTimer(() => void this.#run(), this.#wait);
    }
  }
}

function waitAfter(seen: Look, before: number): number {
  if (seen === 'moved') return shortestWait;
  return seen === 'idle' ? idleWait : Math.min(before * 1.5, longestWait);
}
