import { expect, it } from 'vitest';
import { emptyMask, type Mask } from './Mask.ts';
import type { Point } from './Point.ts';
import { Search } from './Search.ts';

const box = { x0: 0, y0: 0, x1: 2, y1: 2 };
const mask = emptyMask({ width: 2, height: 2 });

function begin() {
  const answers: { resolve(mask: Mask | null): void; reject(error: Error): void }[] = [];
  const told: unknown[] = [];
  const find = () =>
    new Promise<Mask | null>((resolve, reject) => {
      answers.push({ resolve, reject });
    });
  const search = new Search(
    { note: {} as HTMLElement, find, close: () => {} },
    {
      asked: () => told.push('asked'),
      found: (points, found) => told.push([points, found]),
      failed: () => told.push('failed'),
    },
  );
  const ask = (points: readonly Point[]) => search.ask({ box, points });
  return { search, ask, answers, told, settled: () => new Promise((done) => setTimeout(done)) };
}

it('asks once for the same points, and knows what was found', async () => {
  const { search, ask, answers, told, settled } = begin();
  const points: Point[] = [];
  ask(points);
  ask(points);
  expect(search.get(points)).toBeUndefined();
  answers[0]?.resolve(mask);
  await settled();
  ask(points);
  expect(search.get(points)).toBe(mask);
  expect(told).toEqual(['asked', [points, mask]]);
});

it('tells a failure of the last question only, and nothing once it is closed', async () => {
  const { search, ask, answers, told, settled } = begin();
  const [first, second, third]: Point[][] = [[], [], []];
  ask(first as Point[]);
  ask(second as Point[]);
  answers[0]?.reject(new Error('late'));
  answers[1]?.reject(new Error('no memory'));
  await settled();
  ask(third as Point[]);
  search.close();
  answers[2]?.resolve(mask);
  await settled();
  expect(told).toEqual(['asked', 'asked', 'failed', 'asked']);
});
