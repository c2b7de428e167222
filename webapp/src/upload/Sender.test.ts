import { describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api.ts';
import { PhotoQueue } from './PhotoQueue.ts';
import { item } from './queue.testing.ts';
import { placeWait, Sender } from './Sender.ts';

const full = new ApiError('refused', 'You have 20 unfinished jobs.', 429, 'too_many_unfinished_jobs');

function start(...names: string[]) {
  const queue = new PhotoQueue();
  names.forEach((id, addedAt) => {
    queue.add(item(id, addedAt));
  });
  const events = {
    deliver: vi.fn<(item: { id: string }, progress: unknown, signal: AbortSignal) => Promise<string>>(
      ({ id }) => Promise.resolve(`job of ${id}`),
    ),
    canceled: vi.fn(),
    escalated: vi.fn(() => false),
    sent: vi.fn(),
  };
  const pauses: { ms: number; end: () => void }[] = [];
  const sender = new Sender(queue, events, {
    pause: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        pauses.push({ ms, end: resolve });
      }),
  });
  const steps = () => queue.items.map(({ sending }) => sending.step);
  return { queue, events, sender, pauses, steps };
}

describe('Sender', () => {
  it('sends photos one after the other', async () => {
    const { events, sender, steps } = start('a', 'b', 'c');
    const ends: ((jobId: string) => void)[] = [];
    events.deliver.mockImplementation(() => new Promise((resolve) => ends.push(resolve)));
    sender.send(['a', 'b', 'c'], true);
    for (const [at, wanted] of [
      ['sending', 'next', 'next'],
      ['sent', 'sending', 'next'],
      ['sent', 'sent', 'sending'],
    ].entries()) {
      await vi.waitFor(() => expect(ends).toHaveLength(at + 1));
      expect(steps()).toEqual(wanted);
      ends[at]?.(`j${at}`);
    }
    await vi.waitFor(() => expect(steps()).toEqual(['sent', 'sent', 'sent']));
    expect(events.sent.mock.calls).toEqual([
      ['a', 'j0'],
      ['b', 'j1'],
      ['c', 'j2'],
    ]);
  });

  it('sends a photo once, however often it is asked to', async () => {
    const { events, sender, steps } = start('a', 'b');
    sender.send(['a', 'b'], true);
    sender.send(['a'], false);
    await vi.waitFor(() => expect(steps()).toEqual(['sent', 'sent']));
    sender.send(['a', 'b'], true);
    await Promise.resolve();
    expect(steps()).toEqual(['sent', 'sent']);
    expect(events.deliver).toHaveBeenCalledTimes(2);
  });

  it('notes why one failed and goes on', async () => {
    const { events, sender, queue } = start('a', 'b');
    events.deliver.mockRejectedValueOnce(new ApiError('refused', 'No.', 422));
    sender.send(['a', 'b'], true);
    await vi.waitFor(() => expect(queue.items[1]?.sending).toEqual({ step: 'sent', jobId: 'job of b' }));
    expect(queue.items[0]?.sending).toEqual({ step: 'failed', message: 'No.' });
    sender.send(['a'], true);
    await vi.waitFor(() => expect(queue.items[0]?.sending.step).toBe('sent'));
  });

  it('waits for a place among the user’s jobs, with the others behind it', async () => {
    const { events, sender, pauses, steps } = start('a', 'b');
    events.deliver.mockRejectedValueOnce(full);
    sender.send(['a', 'b'], true);
    await vi.waitFor(() => expect(pauses.map(({ ms }) => ms)).toEqual([placeWait]));
    expect(steps()).toEqual(['waiting', 'next']);
    pauses[0]?.end();
    await vi.waitFor(() => expect(steps()).toEqual(['sent', 'sent']));
  });

  it('waits for a place as long as the service asks for', async () => {
    const { events, sender, pauses } = start('a');
    events.deliver.mockRejectedValueOnce(new ApiError('refused', 'Full.', 429, full.code, [], 42_000));
    sender.send(['a'], true);
    await vi.waitFor(() => expect(pauses.map(({ ms }) => ms)).toEqual([42_000]));
  });

  it('does not wait for a place for a single photo', async () => {
    const { events, sender, queue } = start('a');
    events.deliver.mockRejectedValueOnce(full);
    sender.send(['a'], false);
    await vi.waitFor(() =>
      expect(queue.items[0]?.sending).toEqual({ step: 'failed', message: full.message }),
    );
  });

  it('tells until when it waits if the service cannot be reached', async () => {
    const { events, sender, queue, pauses } = start('a');
    events.deliver.mockRejectedValueOnce(new ApiError('network', ''));
    sender.send(['a'], false);
    await vi.waitFor(() => expect(pauses).toHaveLength(1));
    expect(queue.items[0]?.sending).toEqual({ step: 'waiting', until: 'reached' });
    pauses[0]?.end();
    await vi.waitFor(() => expect(queue.items[0]?.sending.step).toBe('sent'));
  });

  it('cancels the photo that is sent, one that waits, or all', async () => {
    const { events, sender, steps } = start('a', 'b', 'c');
    events.deliver.mockImplementation(
      (_item, _progress, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    sender.send(['a', 'b', 'c'], true);
    sender.cancel('b');
    expect(steps()).toEqual(['sending', 'idle', 'next']);
    sender.cancel('a');
    await vi.waitFor(() => expect(steps()).toEqual(['idle', 'idle', 'sending']));
    expect(events.canceled.mock.calls).toEqual([['a']]);
    sender.send(['a'], true);
    sender.cancelAll();
    await vi.waitFor(() => expect(steps()).toEqual(['idle', 'idle', 'idle']));
  });

  it('stops when the session has ended', async () => {
    const { events, sender, steps } = start('a', 'b');
    events.deliver.mockRejectedValueOnce(new ApiError('session', '', 401));
    events.escalated.mockReturnValueOnce(true);
    sender.send(['a', 'b'], true);
    await vi.waitFor(() => expect(steps()).toEqual(['idle', 'idle']));
    expect(events.deliver).toHaveBeenCalledTimes(1);
  });
});
