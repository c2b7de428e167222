import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  hiddenWait,
  idleWait,
  type PollResult,
  longestWait,
  longestWaitAfterFailure,
  Poller,
  shortestWait,
  type Surroundings,
} from './Poller.ts';

class FakeTab implements Surroundings {
  timers: { run: () => void; ms: number; id: number }[] = [];
  visible = true;
  listeners = new Set<() => void>();
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
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  }
  show(visible: boolean): void {
    this.visible = visible;
    for (const listener of this.listeners) listener();
  }
  /** Fires the one timer that is set and returns its delay. */
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
  let tab: FakeTab;
  beforeEach(() => {
    tab = new FakeTab();
  });

  it('polls at once and never again when all is done', async () => {
    const poll = vi.fn().mockResolvedValue('done');
    new Poller(poll, () => false, tab).start();
    await settled();
    expect(poll).toHaveBeenCalledTimes(1);
    expect(tab.timers).toHaveLength(0);
    tab.show(false);
    tab.show(true);
    expect(poll).toHaveBeenCalledTimes(1);
  });

  it('polls at long intervals when jobs may start elsewhere, and when the tab is shown', async () => {
    let next: PollResult = 'idle';
    const poll = vi.fn(() => Promise.resolve(next));
    new Poller(poll, () => false, tab).start();
    await settled();
    expect(await tab.elapse()).toBe(idleWait);
    next = 'moved';
    expect(await tab.elapse()).toBe(idleWait);
    next = 'idle';
    expect(await tab.elapse()).toBe(shortestWait);
    tab.show(false);
    expect(tab.timers).toHaveLength(0);
    tab.show(true);
    await settled();
    expect(poll).toHaveBeenCalledTimes(5);
    expect(tab.timers.map(({ ms }) => ms)).toEqual([idleWait]);
  });

  it('waits longer without progress, up to a limit, and resets on progress', async () => {
    let next: PollResult = 'same';
    new Poller(
      () => Promise.resolve(next),
      () => false,
      tab,
    ).start();
    await settled();
    const waits: number[] = [];
    for (let i = 0; i < 8; i += 1) waits.push(await tab.elapse());
    expect(waits.slice(0, 3)).toEqual([1500, 2250, 3375]);
    expect(waits.at(-1)).toBe(longestWait);
    next = 'moved';
    await tab.elapse();
    expect(await tab.elapse()).toBe(shortestWait);
  });

  it('backs off after failures and continues if asked to', async () => {
    const poll = vi.fn().mockRejectedValue(new Error('away'));
    const failed = vi.fn().mockReturnValue(true);
    new Poller(poll, failed, tab).start();
    await settled();
    const waits: number[] = [];
    for (let i = 0; i < 6; i += 1) waits.push(await tab.elapse());
    expect(waits).toEqual([2000, 4000, 8000, 16_000, longestWaitAfterFailure, longestWaitAfterFailure]);
    failed.mockReturnValue(false);
    await tab.elapse();
    expect(tab.timers).toHaveLength(0);
  });

  it('pauses while the tab is hidden and polls when it is shown again', async () => {
    const poll = vi.fn().mockResolvedValue('same');
    new Poller(poll, () => false, tab).start();
    await settled();
    tab.show(false);
    expect(tab.timers).toHaveLength(0);
    tab.show(true);
    await settled();
    expect(poll).toHaveBeenCalledTimes(2);
    expect(tab.timers).toHaveLength(1);
  });

  it('polls a hidden tab at long intervals while the user is to be notified', async () => {
    let next: PollResult = 'moved';
    let notifies = true;
    const poll = vi.fn(() => Promise.resolve(next));
    new Poller(
      poll,
      () => false,
      tab,
      () => notifies,
    ).start();
    await settled();
    tab.show(false);
    expect(await tab.elapse()).toBe(shortestWait); // set while the tab was shown
    expect(await tab.elapse()).toBe(hiddenWait);
    tab.show(true);
    await settled();
    expect(await tab.elapse()).toBe(shortestWait);
    tab.show(false);
    notifies = false;
    await tab.elapse();
    expect(tab.timers).toHaveLength(0);
    notifies = true;
    next = 'done';
    tab.show(true);
    await settled();
    expect(tab.timers).toHaveLength(0);
  });

  it('aborts a replaced poll and drops its result', async () => {
    const answers: ((poll: PollResult) => void)[] = [];
    const signals: AbortSignal[] = [];
    const poller = new Poller(
      (signal) => {
        signals.push(signal);
        return new Promise((resolve) => answers.push(resolve));
      },
      () => false,
      tab,
    );
    poller.start();
    poller.nudge();
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
    answers[0]?.('same');
    await settled();
    expect(tab.timers).toHaveLength(0);
    answers[1]?.('same');
    await settled();
    expect(tab.timers).toHaveLength(1);
  });

  it('drops the failure of a replaced poll', async () => {
    const failed = vi.fn().mockReturnValue(true);
    const looks: ((error: Error) => void)[] = [];
    const poller = new Poller(() => new Promise((_, reject) => looks.push(reject)), failed, tab);
    poller.start();
    poller.nudge();
    looks[0]?.(new Error('aborted'));
    await settled();
    expect(failed).not.toHaveBeenCalled();
  });

  it('leaves no timer or listener behind when it is stopped', async () => {
    const signals: AbortSignal[] = [];
    const poller = new Poller(
      (signal) => {
        signals.push(signal);
        return signals.length > 1 ? new Promise(() => {}) : Promise.resolve('same');
      },
      () => false,
      tab,
    );
    poller.start();
    await settled();
    await tab.elapse();
    poller.stop();
    expect(signals[1]?.aborted).toBe(true);
    expect(tab.listeners.size).toBe(0);
    poller.nudge();
    expect(signals).toHaveLength(2);
  });
});
