// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { JobSummary } from '../api.ts';
import { Deletions, grace } from './Deletions.ts';

const job = (jobId: string): JobSummary => ({
  jobId,
  createdAt: '2025-01-01T00:00:00Z',
  state: 'succeeded',
  name: jobId,
  objects: { total: 1, succeeded: 1, failed: 0 },
});

const jobs = (ids: string): JobSummary[] => [...ids].map(job);

/** Records what happens, and answers requests when told to. */
function world() {
  const log: string[] = [];
  const waiting = new Map<string, { resolve(): void; reject(error: Error): void }>();
  const of = (list: readonly JobSummary[]): string => list.map(({ jobId }) => jobId).join('');
  const deletions = new Deletions({
    deleteJob: (jobId) => {
      log.push(`DELETE ${jobId}`);
      return new Promise((resolve, reject) => waiting.set(jobId, { resolve, reject }));
    },
    begun: (list) => log.push(`begun ${of(list)}`),
    settled: () => log.push('settled'),
    restored: (list) => log.push(`restored ${of(list)}`),
    failed: (list, error) => log.push(`failed ${of(list)}: ${(error as Error).message}`),
  });
  const answer = async (ids: string, error?: string): Promise<void> => {
    for (const id of ids) {
      const request = waiting.get(id);
      if (error) request?.reject(new Error(error));
      else request?.resolve();
    }
    await vi.advanceTimersByTimeAsync(0);
  };
  return { deletions, log, answer, news: () => log.splice(0) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('makes no request before the grace has passed, and none after an undo', async () => {
  const { deletions, news } = world();
  deletions.begin(jobs('ab'));
  await vi.advanceTimersByTimeAsync(grace - 1);
  expect(news()).toEqual(['begun ab']);
  deletions.undo();
  await vi.advanceTimersByTimeAsync(grace * 2);
  expect(news()).toEqual(['settled', 'restored ab']);
  deletions.begin(jobs('c'));
  await vi.advanceTimersByTimeAsync(grace);
  expect(news()).toEqual(['begun c', 'settled', 'DELETE c']);
});

it('waits while the user is about to undo', async () => {
  const { deletions, news } = world();
  deletions.begin(jobs('a'));
  deletions.pause();
  await vi.advanceTimersByTimeAsync(grace * 10);
  expect(news()).toEqual(['begun a']);
  deletions.resume();
  await vi.advanceTimersByTimeAsync(grace);
  expect(news()).toEqual(['settled', 'DELETE a']);
});

it('completes a deletion when the next one begins', () => {
  const { deletions, news } = world();
  deletions.begin(jobs('a'));
  deletions.begin(jobs('b'));
  expect(news()).toEqual(['begun a', 'settled', 'DELETE a', 'begun b']);
});

it('makes six requests at once, and all others when the page is left', async () => {
  const { deletions, news, answer } = world();
  deletions.begin(jobs('abcdefghij'));
  void deletions.commit();
  const requests = () => news().filter((line) => line.startsWith('DELETE')).length;
  expect(requests()).toBe(6);
  await answer('a');
  expect(requests()).toBe(1);
  void deletions.commit(true);
  expect(requests()).toBe(3);
});

it('resolves when every request has an answer', async () => {
  const { deletions, answer } = world();
  deletions.begin(jobs('ab'));
  const done = vi.fn();
  void deletions.commit().then(done);
  await answer('a');
  expect(done).not.toHaveBeenCalled();
  await answer('b');
  expect(done).toHaveBeenCalled();
});

it('restores the jobs whose requests failed, together', async () => {
  const { deletions, news, answer } = world();
  deletions.begin(jobs('abc'));
  void deletions.commit();
  news();
  await answer('a', 'away');
  await answer('b');
  expect(news()).toEqual([]);
  await answer('c', 'away');
  expect(news()).toEqual(['restored ac', 'failed ac: away']);
});
