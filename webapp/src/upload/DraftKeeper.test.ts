import { describe, expect, it, vi } from 'vitest';
import { DraftKeeper, written } from './DraftKeeper.ts';
import type { Draft } from './drafts.ts';

const draft = (name: string, id = 'd1'): Draft => ({
  id,
  file: new Blob([]),
  name,
  boxes: [],
  selected: -1,
  options: null,
  savedAt: 0,
  promised: null,
});

/** For a test in which it does not matter that drafts are removed. */
const noRemoval = (): Promise<void> => Promise.resolve();

describe('DraftKeeper', () => {
  it('writes one draft at a time, and next only the latest change', async () => {
    const written: string[] = [];
    const ends: (() => void)[] = [];
    const keeper = new DraftKeeper(
      (one) => {
        written.push(one.name);
        return new Promise((resolve) => ends.push(resolve));
      },
      noRemoval,
      vi.fn(),
    );
    for (const name of ['a', 'b', 'c']) keeper.keep(draft(name));
    expect(written).toEqual(['a']);
    expect(keeper.isSettled).toBe(false);
    ends.shift()?.();
    await vi.waitFor(() => expect(written).toEqual(['a', 'c']));
    ends.shift()?.();
    await keeper.settled();
    expect(keeper.isSettled).toBe(true);
  });

  it('has written everything, of all keepers, before drafts are read', async () => {
    const saved: string[] = [];
    const ends: (() => void)[] = [];
    const save = (one: Draft) =>
      new Promise<void>((resolve) => {
        ends.push(() => {
          saved.push(one.name);
          resolve();
        });
      });
    const [left, other] = [
      new DraftKeeper(save, noRemoval, vi.fn()),
      new DraftKeeper(save, noRemoval, vi.fn()),
    ];
    for (const name of ['a', 'b']) left.keep(draft(name));
    other.keep(draft('c'));
    const before = written().then(() => [...saved]);
    for (let n = 0; n < 3; n += 1) {
      await vi.waitFor(() => expect(ends.length).toBeGreaterThan(0));
      ends.shift()?.();
    }
    expect((await before).sort()).toEqual(['a', 'b', 'c']);
    await written(); // there is nothing to wait for
  });

  it('reports once that the quota is exceeded, and once that it no longer is', async () => {
    const save = vi.fn().mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
    const keptChanged = vi.fn();
    const keeper = new DraftKeeper(save, noRemoval, keptChanged);
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

  it('keeps the latest change of each of several drafts', async () => {
    const written: string[] = [];
    const ends: (() => void)[] = [];
    const keeper = new DraftKeeper(
      (one) => {
        written.push(`${one.id} ${one.name}`);
        return new Promise((resolve) => ends.push(resolve));
      },
      noRemoval,
      vi.fn(),
    );
    keeper.keep(draft('a', '1'));
    keeper.keep(draft('b', '1'));
    keeper.keep(draft('c', '2'));
    keeper.keep(draft('d', '2'));
    for (const count of [1, 2, 3]) {
      await vi.waitFor(() => expect(written).toHaveLength(count));
      ends.shift()?.();
    }
    await keeper.settled();
    expect(written).toEqual(['1 a', '1 b', '2 d']);
  });

  it('is kept once the draft that could not be saved is discarded', async () => {
    const keptChanged = vi.fn();
    const save = vi.fn((one: Draft) =>
      one.id === 'large' ? Promise.reject(new Error('full')) : Promise.resolve(),
    );
    const keeper = new DraftKeeper(save, noRemoval, keptChanged);
    keeper.keep(draft('a', 'large'));
    keeper.keep(draft('b', 'small'));
    await keeper.settled();
    expect(keeper.isKept).toBe(false);
    await keeper.forget('large');
    expect(keeper.isKept).toBe(true);
    expect(keptChanged.mock.calls).toEqual([[false], [true]]);
  });

  it('removes a draft after the write in progress, and drops the pending one', async () => {
    const done: string[] = [];
    const ends: (() => void)[] = [];
    const keeper = new DraftKeeper(
      (one) => {
        done.push(`save ${one.name}`);
        return new Promise((resolve) => ends.push(resolve));
      },
      (id) => {
        done.push(`remove ${id}`);
        return new Promise((resolve) => ends.push(resolve));
      },
      vi.fn(),
    );
    keeper.keep(draft('a'));
    keeper.keep(draft('b'));
    expect(keeper.isForgetting).toBe(false);
    const forgotten = keeper.forget('d1');
    expect(keeper.isForgetting).toBe(true);
    let isWritten = false;
    void written().then(() => {
      isWritten = true;
    });
    ends.shift()?.();
    await vi.waitFor(() => expect(done).toEqual(['save a', 'remove d1']));
    expect([keeper.isForgetting, isWritten]).toEqual([true, false]);
    ends.shift()?.();
    await forgotten;
    expect(keeper.isForgetting).toBe(false);
    await vi.waitFor(() => expect(isWritten).toBe(true));
    expect(done).toEqual(['save a', 'remove d1']);
  });
});
