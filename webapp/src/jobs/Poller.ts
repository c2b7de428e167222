/** The outcome of one poll. */
export type PollResult =
  /** Unfinished, with progress: poll again soon. */
  | 'moved'
  /** Unfinished, without progress: poll again, less often. */
  | 'same'
  /** Finished, but jobs may start elsewhere: poll again at long intervals. */
  | 'idle'
  /** Nothing left to wait for. */
  | 'done';

/** The timers and the tab's visibility. */
export interface Surroundings {
  setTimer(run: () => void, ms: number): number;
  clearTimer(timer: number): void;
  isVisible(): boolean;
  /** Calls back when the tab is shown or hidden; the returned function stops that. */
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
/** Each poll costs a few dozen reads of the storage, so one that expects no change waits longer. */
export const idleWait = 20_000;
export const longestWaitAfterFailure = 30_000;
/** Shortest wait while the tab is hidden, for a notification. */
export const hiddenWait = 30_000;

/**
 * Polls the service while there is something to wait for and the tab is shown, or its user is to be
 * notified. A poll that another one replaces is aborted, and its result is dropped.
 */
export class Poller {
  #wait = shortestWait;
  #timer: number | null = null;
  #current: AbortController | null = null;
  #running = false;
  #waiting = false;
  #stopWatching: (() => void) | null = null;

  constructor(
    /** Polls once; it must stop when the signal aborts. */
    private readonly poll: (signal: AbortSignal) => Promise<PollResult>,
    /** Receives the error of a failed poll, and whether another one will follow. */
    private readonly failed: (error: unknown) => boolean,
    private readonly surroundings: Surroundings = browserSurroundings,
    /** Whether to poll while the tab is hidden. */
    private readonly pollsHidden: () => boolean = () => false,
  ) {}

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#stopWatching = this.surroundings.onVisibility(() => this.#visibilityChanged());
    this.nudge();
  }

  /** Whether no poll is in progress. */
  get isIdle(): boolean {
    return this.#current === null;
  }

  stop(): void {
    this.#running = false;
    this.#waiting = false;
    this.#stopWatching?.();
    this.#stopWatching = null;
    this.#cancel();
  }

  /** Polls at once, replacing a poll in progress. */
  nudge(): void {
    if (!this.#running) return;
    this.#wait = shortestWait;
    void this.#run();
  }

  #cancel(): void {
    if (this.#timer !== null) this.surroundings.clearTimer(this.#timer);
    this.#timer = null;
    this.#current?.abort();
    this.#current = null;
  }

  #visibilityChanged(): void {
    if (!this.#waiting) return;
    if (this.surroundings.isVisible()) this.nudge();
    else if (!this.pollsHidden()) this.#cancel();
  }

  async #run(): Promise<void> {
    this.#cancel();
    this.#waiting = true;
    const mine = new AbortController();
    this.#current = mine;
    let again: boolean;
    try {
      const seen = await this.poll(mine.signal);
      if (this.#current !== mine) return;
      this.#wait = waitAfter(seen, this.#wait);
      again = seen !== 'done';
    } catch (error) {
      if (this.#current !== mine) return;
      this.#wait = Math.min(this.#wait * 2, longestWaitAfterFailure);
      again = this.failed(error);
    }
    this.#current = null;
    this.#waiting = again;
    if (again && this.#running) this.#schedule();
  }

  #schedule(): void {
    const isVisible = this.surroundings.isVisible();
    if (!isVisible && !this.pollsHidden()) return;
    const wait = isVisible ? this.#wait : Math.max(this.#wait, hiddenWait);
    this.#timer = this.surroundings.setTimer(() => void this.#run(), wait);
  }
}

function waitAfter(seen: PollResult, before: number): number {
  if (seen === 'moved') return shortestWait;
  return seen === 'idle' ? idleWait : Math.min(before * 1.5, longestWait);
}
