import { beforeEach, describe, expect, it, vi } from 'vitest';
import { BoxList, noMask, tidyLabel } from './BoxList.ts';

const size = { width: 600, height: 400 };
const at = (x: number) => ({ x0: x, y0: 0, x1: x + 50, y1: 50 });

describe('BoxList', () => {
  let list: BoxList;
  let ids = 0;
  beforeEach(() => {
    ids = 0;
    list = new BoxList(size, { maxObjects: 3, minBox: 8 }, () => `id${++ids}`);
  });

  it('numbers boxes in their order and closes gaps', () => {
    list.add(at(0));
    list.add(at(60));
    list.add(at(120));
    list.remove('id2');
    expect(list.items.map((item) => [item.id, list.numberOf(item.id)])).toEqual([
      ['id1', 1],
      ['id3', 2],
    ]);
    expect(list.numberOf('id2')).toBe(0);
  });

  it('refuses boxes above the limit', () => {
    for (const x of [0, 60, 120]) expect(list.add(at(x))).not.toBeNull();
    expect(list.isFull).toBe(true);
    expect(list.add(at(180))).toBeNull();
    expect(list.addFree()).toBeNull();
    expect(list.items).toHaveLength(3);
  });

  it('never contains an invalid box', () => {
    list.add({ x0: -20, y0: 5.5, x1: 3, y1: 9 });
    list.place('id1', { x0: 598, y0: 398, x1: 700, y1: 700 });
    expect(list.items[0]?.box).toEqual({ x0: 592, y0: 392, x1: 600, y1: 400 });
  });

  it('notifies its listeners of changes only, until they unsubscribe', () => {
    const changed = vi.fn();
    const leave = list.watch(changed);
    list.add(at(0));
    list.place('id1', at(0));
    list.label('id1', '');
    expect(changed).toHaveBeenCalledTimes(1);
    leave();
    list.clear();
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it('undoes a whole gesture at once and keeps labels', () => {
    list.add(at(0));
    list.place('id1', at(10));
    list.place('id1', at(20), true);
    list.place('id1', at(30), true);
    list.label('id1', 'cup');
    list.undo();
    expect(list.items).toEqual([{ ...noMask, id: 'id1', box: at(0), label: 'cup' }]);
    list.undo();
    expect(list.items).toEqual([]);
    expect(list.canUndo).toBe(false);
  });

  it('redoes what was undone, in order, with labels and moves', () => {
    list.add(at(0));
    list.label('id1', 'cup');
    list.place('id1', at(10));
    list.place('id1', at(20), true);
    list.add(at(60));
    list.clear();
    for (let i = 0; i < 4; i += 1) list.undo();
    expect(list.items).toEqual([]);
    expect(list.canUndo).toBe(false);
    list.redo();
    expect(list.items).toEqual([{ ...noMask, id: 'id1', box: at(0), label: 'cup' }]);
    list.redo();
    expect(list.items).toEqual([{ ...noMask, id: 'id1', box: at(20), label: 'cup' }]);
    list.redo();
    expect(list.items).toHaveLength(2);
    list.redo();
    expect(list.items).toEqual([]);
    expect(list.canRedo).toBe(false);
    list.undo();
    expect(list.items).toHaveLength(2);
  });

  it('clears the redo history after another change, except of a label', () => {
    list.add(at(0));
    list.add(at(60));
    list.undo();
    list.label('id1', 'cup');
    expect(list.canRedo).toBe(true);
    list.place('id1', at(30));
    expect(list.canRedo).toBe(false);
    list.redo();
    expect(list.items).toEqual([{ ...noMask, id: 'id1', box: at(30), label: 'cup' }]);
  });

  it('changes points, mask and box of an object as one step', () => {
    const mask = { width: 600, height: 400, runs: Uint32Array.of(240_000) };
    const points = [{ x: 5, y: 5, isInside: true }];
    list.add(at(0), 'cup');
    list.mark('id1', { points, box: at(20) });
    list.mark('id1', { mask }, true);
    expect(list.items).toEqual([{ id: 'id1', box: at(20), label: 'cup', points, painting: null, mask }]);
    list.undo();
    expect(list.items).toEqual([{ ...noMask, id: 'id1', box: at(0), label: 'cup' }]);
    list.redo();
    expect(list.items[0]).toMatchObject({ points, mask });
    list.mark('none', { mask });
    expect(list.items).toHaveLength(1);
  });

  it('forgets the mask of a box that is moved, until that is undone', () => {
    const mask = { width: 600, height: 400, runs: Uint32Array.of(240_000) };
    list.begin([
      { box: at(0), label: 'cup', points: [{ x: 5, y: 5, isInside: true }], painting: null, mask },
    ]);
    expect(list.canUndo).toBe(false);
    list.place('id1', at(1));
    list.place('id1', at(2), true);
    expect(list.items).toEqual([{ ...noMask, id: 'id1', box: at(2), label: 'cup' }]);
    list.undo();
    expect(list.items[0]).toMatchObject({ box: at(0), mask });
  });

  it('restores cleared boxes', () => {
    list.add(at(0), 'cup');
    list.clear();
    list.undo();
    expect(list.items[0]?.label).toBe('cup');
  });
});

it('keeps labels to one line of at most 40 characters, counted in code points', () => {
  expect(tidyLabel('a\n b')).toBe('a b');
  expect([...tidyLabel('🍵'.repeat(50))]).toHaveLength(40);
});
