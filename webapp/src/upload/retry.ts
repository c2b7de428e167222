import { ApiError } from '../api.ts';
import { TransferError } from './TransferError.ts';

/** Whether the service or its storage did not respond, so that a retry may succeed. */
export const isUnreachable = (error: unknown): boolean =>
  (error instanceof ApiError && error.kind === 'network') ||
  (error instanceof TransferError && error.code === 'network');

export const firstWait = 2000;
export const longestWait = 60_000;

/** The timers and the connection of the browser. */
export interface Outside {
  /**
   * Resolves after the delay, or at once when the browser is online again. Rejects when the signal
   * aborts.
   */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export const browserOutside: Outside = {
  pause: (ms, signal) =>
    new Promise((resolve, reject) => {
      const ended = new AbortController();
      const timer = window.setTimeout(() => end(resolve), ms);
      const end = (how: () => void): void => {
        window.clearTimeout(timer);
        ended.abort();
        how();
      };
      window.addEventListener('online', () => end(resolve), { signal: ended.signal });
      signal.addEventListener('abort', () => end(() => reject(signal.reason)), { signal: ended.signal });
    }),
};

/**
 * Retries until the service can be reached, with pauses that double from two seconds to a minute.
 * `waiting` is called before each pause. Any other error, and an abort, end it.
 */
export async function untilReached<T>(
  attempt: () => Promise<T>,
  waiting: () => void,
  signal: AbortSignal,
  outside: Outside = browserOutside,
): Promise<T> {
  for (let wait = firstWait; ; wait = Math.min(wait * 2, longestWait)) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!isUnreachable(error)) throw error;
    }
    signal.throwIfAborted();
    waiting();
    await outside.pause(wait, signal);
  }
}
