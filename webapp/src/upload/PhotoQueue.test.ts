import { describe, expect, it, vi } from 'vitest';
import { mostPhotos, PhotoQueue } from './PhotoQueue.ts';
import { item } from './queue.testing.ts';

const sent = { sending: { step: 'sent', jobId: 'j' } } as const;
const ids = (queue: PhotoQueue): string => queue.items.map(({ id }) => id).join('');

describe('PhotoQueue', () => {
  it('keeps photos in the order in which they were chosen', () => {
    const queue = new PhotoQueue();
    queue.add(item('b', 2));
    queue.add(item('a', 1));
    queue.add(item('c', 2));
    expect(ids(queue)).toBe('abc');
    queue.remove('b');
    expect(ids(queue)).toBe('ac');
  });

  it('has room for photos that are not sent', () => {
    const queue = new PhotoQueue();
    for (let i = 0; i < mostPhotos; i += 1) queue.add(item(`p${i}`, i));
    expect(queue.room).toBe(0);
    queue.change('p0', sent);
    expect(queue.room).toBe(1);
    queue.clearSent();
    expect(queue.items).toHaveLength(mostPhotos - 1);
  });

  it('tells which photo to open after one is sent or removed', () => {
    const queue = new PhotoQueue();
    for (const [at, id] of ['a', 'b', 'c'].entries()) queue.add(item(id, at));
    queue.change('b', sent);
    expect(queue.after(1)?.id).toBe('c');
    queue.change('c', sent);
    expect(queue.after(2)?.id).toBe('a');
    queue.change('a', sent);
    expect(queue.after(0)).toBeNull();
  });

  it('has none open once the open one is removed, and tells of each change', () => {
    const queue = new PhotoQueue();
    const changed = vi.fn();
    const stop = queue.watch(changed);
    queue.add(item('a', 1));
    queue.choose('a');
    expect(queue.open?.id).toBe('a');
    queue.choose('a');
    queue.remove('a');
    queue.change('a', sent);
    expect(queue.open).toBeNull();
    expect(changed).toHaveBeenCalledTimes(3);
    stop();
    queue.add(item('b', 1));
    expect(changed).toHaveBeenCalledTimes(3);
  });
});
