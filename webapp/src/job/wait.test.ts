import { describe, expect, it } from 'vitest';
import type { Waiting } from '../api.ts';
import { Wait } from './wait.ts';

const minute = 60_000;

/** What the page says at once after one response. */
const inWords = (waiting: Waiting | undefined): string => {
  const wait = new Wait();
  wait.update(waiting, 0);
  return wait.inWords(0);
};

describe('a wait in words', () => {
  const cases: [Waiting | undefined, string][] = [
    [undefined, ''],
    [{ reason: 'instance', objectsAhead: 0 }, 'The GPU is starting. The first start takes a few minutes.'],
    [
      { reason: 'instance', objectsAhead: 0, estimatedSeconds: 240 },
      'Waiting for the GPU to start: about 4 minutes.',
    ],
    [
      { reason: 'instance', objectsAhead: 0, estimatedSeconds: 60 },
      'Waiting for the GPU to start: about 1 minute.',
    ],
    [
      { reason: 'instance', objectsAhead: 0, estimatedSeconds: 59 },
      'Waiting for the GPU to start: less than a minute.',
    ],
    [
      { reason: 'instance', objectsAhead: 0, estimatedSeconds: 0 },
      'This takes longer than usual; you can close this page, and we will email you.',
    ],
    [{ reason: 'instance', objectsAhead: 3 }, 'The GPU is starting. 3 objects of earlier jobs go first.'],
    [
      { reason: 'instance', objectsAhead: 1, estimatedSeconds: 360 },
      'Waiting for the GPU to start; 1 object of an earlier job goes first: about 6 minutes.',
    ],
    [{ reason: 'jobs', objectsAhead: 3 }, '3 objects of earlier jobs go first.'],
    [
      { reason: 'jobs', objectsAhead: 3, estimatedSeconds: 300 },
      '3 objects of earlier jobs go first: about 5 minutes.',
    ],
    [
      { reason: 'jobs', objectsAhead: 1, estimatedSeconds: 0 },
      '1 object of an earlier job goes first: less than a minute.',
    ],
    [
      { reason: 'jobs', objectsAhead: 1, estimatedSeconds: 20 },
      '1 object of an earlier job goes first: less than a minute.',
    ],
    [{ reason: 'jobs', objectsAhead: 0 }, 'This job is next.'],
    [{ reason: 'jobs', objectsAhead: 0, estimatedSeconds: 90 }, 'This job is next: about 2 minutes.'],
  ];
  it.each(cases)('%j', (waiting, words) => {
    expect(inWords(waiting)).toBe(words);
  });

  it('says nothing of a reason that this page does not know', () => {
    expect(inWords({ reason: 'weather' as 'jobs', objectsAhead: 0 })).toBe('');
  });
});

describe('a wait between and after responses', () => {
  const start = (estimatedSeconds?: number): Waiting => ({
    reason: 'instance',
    objectsAhead: 0,
    ...(estimatedSeconds === undefined ? {} : { estimatedSeconds }),
  });
  const minutes = (wait: Wait, now: number): string =>
    wait.inWords(now).replace('Waiting for the GPU to start: ', '').replace('.', '');

  it('counts down and ends by saying that it takes longer', () => {
    const wait = new Wait();
    wait.update(start(240), 0);
    const said = new Set<string>();
    for (let now = 0; now <= 6 * minute; now += 1000) said.add(minutes(wait, now));
    expect([...said]).toEqual([
      'about 4 minutes',
      'about 3 minutes',
      'about 2 minutes',
      'about 1 minute',
      'less than a minute',
      'This takes longer than usual; you can close this page, and we will email you',
    ]);
  });

  it('never counts up for responses that differ by a few seconds', () => {
    const wait = new Wait();
    const said: string[] = [];
    for (let now = 0, poll = 0; now <= 4 * minute; now += 10_000, poll += 1) {
      const noise = poll % 2 === 0 ? 20 : -20;
      wait.update(start(Math.max(1, 240 - now / 1000 + noise)), now);
      const words = minutes(wait, now);
      if (said.at(-1) !== words) said.push(words);
    }
    expect(said).toEqual([
      'about 4 minutes',
      'about 3 minutes',
      'about 2 minutes',
      'about 1 minute',
      'less than a minute',
    ]);
  });

  it('takes a much shorter estimate at once, a much longer one only when the next response confirms it', () => {
    const wait = new Wait();
    wait.update(start(600), 0);
    wait.update(start(120), 0);
    expect(minutes(wait, 0)).toBe('about 2 minutes');
    wait.update(start(480), 0);
    expect(minutes(wait, 0)).toBe('about 2 minutes');
    wait.update(start(120), 0);
    wait.update(start(480), 0);
    expect(minutes(wait, 0)).toBe('about 2 minutes');
    wait.update(start(420), 0);
    expect(minutes(wait, 0)).toBe('about 7 minutes');
  });

  it('counts down while responses repeat the estimate, until the queue moves', () => {
    const wait = new Wait();
    const said: string[] = [];
    // Each of three objects takes 100 seconds, which is what the service assumes for it.
    for (let now = 0; now <= 299_000; now += 10_000) {
      const objectsAhead = 3 - Math.floor(now / 100_000);
      wait.update({ reason: 'jobs', objectsAhead, estimatedSeconds: objectsAhead * 100 }, now);
      const words = wait.inWords(now);
      if (said.at(-1) !== words) said.push(words);
    }
    expect(said).toEqual([
      '3 objects of earlier jobs go first: about 5 minutes.',
      '3 objects of earlier jobs go first: about 4 minutes.',
      '2 objects of earlier jobs go first: about 3 minutes.',
      '2 objects of earlier jobs go first: about 2 minutes.',
      '1 object of an earlier job goes first: about 2 minutes.',
      '1 object of an earlier job goes first: about 1 minute.',
      '1 object of an earlier job goes first: less than a minute.',
    ]);
  });

  it('becomes longer when the queue moves more slowly than it was estimated', () => {
    const wait = new Wait();
    wait.update({ reason: 'jobs', objectsAhead: 2, estimatedSeconds: 200 }, 0);
    wait.update({ reason: 'jobs', objectsAhead: 1, estimatedSeconds: 170 }, 2 * minute);
    expect(wait.inWords(2 * minute)).toBe('1 object of an earlier job goes first: about 3 minutes.');
  });

  it('keeps counting when a response has no estimate, and takes the first one that comes', () => {
    const wait = new Wait();
    wait.update(start(), 0);
    wait.update(start(180), 0);
    wait.update(start(), 60_000);
    expect(minutes(wait, 60_000)).toBe('about 2 minutes');
  });

  it('does not return from "longer than usual" to an estimate for the same wait', () => {
    const wait = new Wait();
    wait.update(start(60), 0);
    for (let now = 2 * minute; now < 4 * minute; now += 10_000) {
      wait.update(start(90), now);
      expect(wait.topic(now)).toBe('overdue');
    }
    expect(wait.inWords(4 * minute)).toContain('longer than usual');
  });

  it('has an estimate again when the queue moves or the reason changes', () => {
    const wait = new Wait();
    wait.update({ reason: 'jobs', objectsAhead: 2, estimatedSeconds: 30 }, 0);
    expect(wait.topic(2 * minute)).toBe('overdue');
    wait.update({ reason: 'jobs', objectsAhead: 1, estimatedSeconds: 120 }, 2 * minute);
    expect(wait.inWords(2 * minute)).toBe('1 object of an earlier job goes first: about 2 minutes.');
    expect(wait.topic(5 * minute)).toBe('overdue');
    wait.update({ reason: 'instance', objectsAhead: 1, estimatedSeconds: 300 }, 5 * minute);
    expect(wait.topic(5 * minute)).toBe('instance');
  });

  it('says that it takes longer when the first estimate of a start is 0, also after other responses', () => {
    const wait = new Wait();
    wait.update(start(), 0);
    wait.update(start(0), 10_000);
    expect(wait.topic(10_000)).toBe('overdue');
  });

  it('ends when the job is no longer queued', () => {
    const wait = new Wait();
    wait.update(start(60), 0);
    wait.update(undefined, 1000);
    expect(wait.inWords(1000)).toBe('');
    expect(wait.topic(1000)).toBe('');
  });
});
