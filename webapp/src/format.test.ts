import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  agoInWords,
  bytesInWords,
  costInWords,
  durationInWords,
  listInWords,
  tooManyBytesInWords,
  tooManyPixelsInWords,
} from './format.ts';
import { plural } from './texts/count.ts';

interface Words {
  readonly sizes: readonly { readonly bytes: number; readonly words: string }[];
  readonly tooManyBytes: readonly {
    readonly bytes: number;
    readonly most: number;
    readonly message: string;
  }[];
  readonly tooManyPixels: readonly {
    readonly width: number;
    readonly height: number;
    readonly most: number;
    readonly message: string;
  }[];
}

it('writes sizes and limits in the words of the service (internal/job/words_test.go)', () => {
  const words: Words = JSON.parse(readFileSync(join(process.cwd(), '../testdata/words.json'), 'utf8'));
  for (const { bytes, words: size } of words.sizes) expect(bytesInWords(bytes)).toBe(size);
  for (const { bytes, most, message } of words.tooManyBytes)
    expect(tooManyBytesInWords(bytes, most)).toBe(message);
  for (const { width, height, most, message } of words.tooManyPixels)
    expect(tooManyPixelsInWords(width, height, most)).toBe(message);
});

it('writes times, costs and lists', () => {
  expect([463, 1500, 125_000].map(durationInWords)).toEqual(['463 ms', '1.5 s', '2 min 5 s']);
  expect([0, 0.00001, 0.0123, 1.5].map(costInWords)).toEqual(['$0', 'under $0.0001', '$0.0123', '$1.50']);
  expect([listInWords([]), listInWords(['a']), listInWords(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b or c']);
  expect([plural(1, 'mesh', 'meshes'), plural(2, 'mesh', 'meshes')]).toEqual(['1 mesh', '2 meshes']);
});

it('says how long ago', () => {
  const now = Date.parse('2025-06-15T12:00:00Z');
  expect(agoInWords('2025-06-15T11:59:50Z', now)).toBe('just now');
  expect(agoInWords('2025-06-15T11:30:00Z', now)).toBe('30 minutes ago');
  expect(agoInWords('2025-06-15T09:00:00Z', now)).toBe('3 hours ago');
  expect(agoInWords('2025-06-14T12:00:00Z', now)).toBe('yesterday');
  expect(agoInWords('2025-01-02T12:00:00Z', now)).toBe('Jan 2, 2025');
  expect(agoInWords('never', now)).toBe('');
});
