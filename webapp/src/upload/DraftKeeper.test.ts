import { describe, expect, it, vi } from 'vitest';
import { DraftKeeper } from './DraftKeeper.ts';
import type { Draft } from './drafts.ts';

const draft = (name: string): Draft => ({
  id: 'd1',
  file: new Blob([]),
  name,
  boxes: [],
  selected: -1,
  options: null,
  savedAt: 0,
  promised: null,
});

describe('DraftKeeper', () => {
  it('writes one draft at a time, and next only the latest change', async () => {
    const written: string[] = [];
    const ends: (() => void)[] = [];
    const keeper = new DraftKeeper((one) => {
      written.push(one.name);
      return new Promise((resolve) => ends.push(resolve));
    }, vi.fn());
    for (const name of ['a', 'b', 'c']) keeper.keep(draft(name));
    expect(written).toEqual(['a']);
    expect(keeper.isSettled).toBe(false);
    ends.shift()?.();
    await vi.waitFor(() => expect(written).toEqual(['a', 'c']));
    ends.shift()?.();
    await keeper.settled();
    expect(keeper.isSettled).toBe(true);
  });

  it('reports once that the quota is exceeded, and once that it no longer is', async () => {
    const save = vi.fn().mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
    const keptChanged = vi.fn();
    const keeper = new DraftKeeper(save, keptChanged);
    for (const name of ['a', 'b']) {
      keeper.keep(draft(name));
      await keeper.settled();
    }
    expect(keptChanged.mock.calls).toEqual([[false]]);
    expect(keeper.isKept).toBe(false);
    save.mockResolvedValue(undefined);
    keeper.keep(draft('c'));
    await keeper.settled();
    expect(keptChanged.mock.calls).toEqual([[false], [true]]);
  });

  it('drops pending writes when it is stopped', async () => {
    const written: string[] = [];
    let end = (): void => {};
    const keeper = new DraftKeeper((one) => {
      written.push(one.name);
      return new Promise((resolve) => {
        end = resolve;
      });
    }, vi.fn());
    keeper.keep(draft('a'));
    keeper.keep(draft('b'));
    const stopped = keeper.stop();
    end();
    await stopped;
    expect(written).toEqual(['a']);
  });
});
