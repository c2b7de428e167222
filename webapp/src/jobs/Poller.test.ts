import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  idleWait,
  type Look,
  longestWait,
  longestWaitAfterFailure,
  Poller,
  shortestWait,
  type Surroundings,
} from './Poller.ts';

class Room implements Surroundings {
  timers: { run: () => void; ms: number; id: number }[] = [];
  visible = true;
  watchers = new Set<() => void>();
  #ids = 0;
  setTimer(run: () => void, ms: number): number {
    this.#ids += 1;
    this.timers.push({ run, ms, id: this.#ids });
    return this.#ids;
  }
  clearTimer(id: number): void {
    this.timers = this.timers.filter((timer) => timer.id !== id);
  }
  isVisible(): boolean {
    return this.visible;
  }
  onVisibility(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  }
  show(visible: boolean): void {
    this.visible = visible;
    for (const watcher of this.watchers) watcher();
  }
  /** Lets the one timer that is set run out; answers how long it would have taken. */
  async elapse(): Promise<number> {
    expect(this.timers).toHaveLength(1);
    const timer = this.timers.shift();
    timer?.run();
    await settled();
    return timer?.ms ?? 0;
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('Poller', () => {
  let room: Room;
  beforeEach(() => {
    room = new Room();
  });

  it('looks at once and never again when all is done', async () => {
    const look = vi.fn().mockResolvedValue('done');
    new Poller(look, () => false, room).start();
    await settled();
    expect(look).toHaveBeenCalledTimes(1);
    expect(room.timers).toHaveLength(0);
    room.show(false);
    room.show(true);
    expect(look).toHaveBeenCalledTimes(1);
  });

  it('goes on at long intervals when all is done but more may begin, and looks when the tab is shown', async () => {
    let next: Look = 'idle';
    const look = vi.fn(() => Promise.resolve(next));
    new Poller(look, () => false, room).start();
    await settled();
    expect(await room.elapse()).toBe(idleWait);
    next = 'moved';
    expect(await room.elapse()).toBe(idleWait);
    next = 'idle';
    expect(await room.elapse()).toBe(shortestWait);
    room.show(false);
    expect(room.timers).toHaveLength(0);
    room.show(true);
    await settled();
    expect(look).toHaveBeenCalledTimes(5);
    expect(room.timers.map(({ ms }) => ms)).toEqual([idleWait]);
  });

  it('waits longer while nothing moves, up to a limit, and starts over when something does', async () => {
    let next: Look = 'same';
    new Poller(
      () => Promise.resolve(next),
      () => false,
      room,
    ).start();
    await settled();
    const waits: number[] = [];
    for (let i = 0; i < 8; i += 1) waits.push(await room.elapse());
    expect(waits.slice(0, 3)).toEqual([1500, 2250, 3375]);
    expect(waits.at(-1)).toBe(longestWait);
    next = 'moved';
    await room.elapse();
    expect(await room.elapse()).toBe(shortestWait);
  });

  it('backs off after failures and goes on if told to', async () => {
    const look = vi.fn().mockRejectedValue(new Error('away'));
    const failed = vi.fn().mockReturnValue(true);
    new Poller(look, failed, room).start();
    await settled();
    const waits: number[] = [];
    for (let i = 0; i < 6; i += 1) waits.push(await room.elapse());
    expect(waits).toEqual([2000, 4000, 8000, 16_000, longestWaitAfterFailure, longestWaitAfterFailure]);
    failed.mockReturnValue(false);
    await room.elapse();
    expect(room.timers).toHaveLength(0);
  });

  it('rests while the tab is hidden and looks when it is shown again', async () => {
    const look = vi.fn().mockResolvedValue('same');
    new Poller(look, () => false, room).start();
    await settled();
    room.show(false);
    expect(room.timers).toHaveLength(0);
    room.show(true);
    await settled();
    expect(look).toHaveBeenCalledTimes(2);
    expect(room.timers).toHaveLength(1);
  });

  it('aborts a look that is overtaken and drops its answer', async () => {
    const answers: ((look: Look) => void)[] = [];
    const signals: AbortSignal[] = [];
    const poller = new Poller(
      (signal) => {
        signals.push(signal);
        return new Promise((resolve) => answers.push(resolve));
      },
      () => false,
      room,
    );
    poller.start();
    poller.nudge();
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
    answers[0]?.('same');
    await settled();
    expect(room.timers).toHaveLength(0);
    answers[1]?.('same');
    await settled();
    expect(room.timers).toHaveLength(1);
  });

  it('drops the failure of a look that is overtaken', async () => {
    const failed = vi.fn().mockReturnValue(true);
    const looks: ((error: Error) => void)[] = [];
    const poller = new Poller(() => new Promise((_, reject) => looks.push(reject)), failed, room);
    poller.start();
    poller.nudge();
    looks[0]?.(new Error('aborted'));
    await settled();
    expect(failed).not.toHaveBeenCalled();
  });

  it('leaves nothing behind when it is stopped', async () => {
    const signals: AbortSignal[] = [];
    const poller = new Poller(
      (signal) => {
        signals.push(signal);
        return signals.length > 1 ? new Promise(() => {}) : Promise.resolve('same');
      },
      () => false,
      room,
    );
    poller.start();
    await settled();
    await room.elapse();
    poller.stop();
    expect(signals[1]?.aborted).toBe(true);
    expect(room.watchers.size).toBe(0);
    poller.nudge();
    expect(signals).toHaveLength(2);
  });
});
