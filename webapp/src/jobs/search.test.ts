import { expect, it } from 'vitest';
import type { JobState, JobSummary } from '../api.ts';
import { everything, found, isNarrow, type StateGroup } from './search.ts';

const job = (jobId: string, name: string, state: JobState = 'succeeded', labels?: string[]): JobSummary => ({
  jobId,
  createdAt: '2025-01-01T00:00:00Z',
  state,
  name,
  objects: { total: 1, succeeded: 1, failed: 0 },
  ...(labels ? { labels } : {}),
});

const jobs = [
  job('a', 'Café table.jpg', 'succeeded', ['Cup', 'saucer']),
  job('b', 'IMG_2041.jpg', 'failed', ['armchair']),
  job('c', 'cup.png', 'queued'),
  job('d', 'kitchen.webp', 'partial', ['sugar bowl']),
  job('e', 'hall.webp', 'processing'),
];

const ids = (words: string, states: StateGroup = 'all') =>
  found({ words, states }, jobs)
    .map(({ jobId }) => jobId)
    .join('');

it('finds words of names and labels without case and accents', () => {
  expect(ids('CUP')).toBe('ac');
  expect(ids('cafe')).toBe('a');
  expect(ids('jpg  arm')).toBe('b');
  expect(ids('bowl sugar')).toBe('d');
  expect(ids('table armchair')).toBe('');
});

it('finds states', () => {
  expect(ids('', 'unfinished')).toBe('ce');
  expect(ids('', 'succeeded')).toBe('a');
  expect(ids('', 'partial')).toBe('d');
  expect(ids('cup', 'unfinished')).toBe('c');
});

it('finds all without words or state, in the same array', () => {
  expect(found(everything, jobs)).toBe(jobs);
  expect(isNarrow({ words: '  ', states: 'all' })).toBe(false);
  expect(isNarrow({ words: '', states: 'failed' })).toBe(true);
});
