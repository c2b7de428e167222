import { expect, it } from 'vitest';
import { en } from './en.ts';
import { printed } from './printed.ts';

it('prints every form of every text', () => {
  const lines = printed(en);
  expect(lines).toContain('upload.queue.boxes: no boxes');
  expect(lines).toContain('upload.queue.boxes: 1 box');
  expect(lines).toContain('upload.queue.boxes: 3 boxes');
  expect(lines).toContain('job.stages: Stages');
  expect(lines.filter((line) => /undefined|NaN|\[object|\$\{/.test(line))).toEqual([]);
});

it('has every sentence of the page', () => {
  const sources = import.meta.glob<string>(['../**/*.ts', '!../texts/*', '!../**/*.test*.ts'], {
    query: '?raw',
    import: 'default',
    eager: true,
  });
  expect(Object.keys(sources).length).toBeGreaterThan(100);
  const found = Object.entries(sources).flatMap(([file, source]) => {
    const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    return [...code.matchAll(/(['"`])[A-Z][a-z]+ [a-z]+[^'"`]*\1/g)].map(([text]) => `${file}: ${text}`);
  });
  expect(found).toEqual([]);
});
