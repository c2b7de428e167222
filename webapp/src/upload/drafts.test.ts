import { describe, expect, it } from 'vitest';
import { type Draft, stale } from './drafts.ts';

const day = 24 * 60 * 60 * 1000;
const now = 100 * day;

const draft = (id: string, savedAt: number, from?: string): Draft => ({
  id,
  file: new Blob([]),
  name: `${id}.jpg`,
  boxes: [],
  selected: -1,
  options: null,
  savedAt,
  promised: null,
  ...(from === undefined ? {} : { from }),
});

describe('drafts of earlier jobs’ photos', () => {
  it('are all kept, however many, until none was changed for 30 days', () => {
    const recent = Array.from({ length: 20 }, (_, i) => draft(`recent ${i}`, now - i * day, `job ${i}`));
    const old = draft('old', now - 31 * day, 'job');
    const unsent = draft('unsent', 0); // not an earlier job's: only its user discards it
    expect(stale([...recent, old, unsent], now)).toEqual([old]);
  });
});
