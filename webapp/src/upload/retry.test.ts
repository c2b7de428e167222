// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api.ts';
import { browserOutside, longestWait, untilReached } from './retry.ts';
import { TransferError } from './TransferError.ts';

const away = new ApiError('network', 'away');
const signal = new AbortController().signal;

describe('untilReached', () => {
  it('retries until there is a response, with longer and longer pauses', async () => {
    const attempt = vi.fn().mockRejectedValue(away);
    for (let i = 0; i < 7; i += 1)
      attempt.mockRejectedValueOnce(i % 2 ? away : new TransferError('', 'network'));
    attempt.mockResolvedValue('j1');
    const pauses: number[] = [];
    const waiting = vi.fn();
    const outside = {
      pause: (ms: number) => {
        pauses.push(ms);
        return Promise.resolve();
      },
    };
    await expect(untilReached(attempt, waiting, signal, outside)).resolves.toBe('j1');
    expect(pauses).toEqual([2000, 4000, 8000, 16_000, 32_000, longestWait, longestWait]);
    expect(waiting).toHaveBeenCalledTimes(7);
  });

  it('gives up at once on a refusal', async () => {
    const refused = new ApiError('refused', 'no', 400);
    const attempt = vi.fn().mockRejectedValue(refused);
    await expect(untilReached(attempt, vi.fn(), signal)).rejects.toBe(refused);
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it('ends when it is canceled while it waits', async () => {
    const cancel = new AbortController();
    const attempt = vi.fn().mockRejectedValue(away);
    const ended = untilReached(attempt, () => queueMicrotask(() => cancel.abort()), cancel.signal);
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
    expect(attempt).toHaveBeenCalledTimes(1);
  });
});

describe('browserOutside', () => {
  it('ends a pause when the browser is online', async () => {
    const paused = browserOutside.pause(3_600_000, signal);
    window.dispatchEvent(new Event('online'));
    await expect(paused).resolves.toBeUndefined();
  });

  it('waits no longer than the delay', async () => {
    vi.useFakeTimers();
    const paused = browserOutside.pause(5000, signal);
    await vi.advanceTimersByTimeAsync(5000);
    await expect(paused).resolves.toBeUndefined();
    vi.useRealTimers();
  });
});
