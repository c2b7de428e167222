import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { FileFormat } from '../formats.ts';
import { stemOf } from './stem.ts';

const table = JSON.parse(readFileSync('../testdata/formats.json', 'utf8')) as readonly {
  format: FileFormat;
  downloadSuffix: string;
  choosable: boolean;
}[];

it.each(table.filter(({ choosable }) => choosable))('knows how the name of a $format ends', (info) => {
  const file = { format: info.format, name: `cat-1-cup${info.downloadSuffix}`, bytes: 1, url: '' };
  expect(stemOf([file], 'other')).toBe('cat-1-cup');
});

it('falls back to another name', () => {
  expect(stemOf([{ format: 'glb', name: '.glb', bytes: 1, url: '' }], 'other')).toBe('other');
  expect(stemOf([], 'other')).toBe('other');
});
