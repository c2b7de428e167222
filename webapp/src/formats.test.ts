import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { formats } from './formats.ts';

it('has the formats of the service', () => {
  const table = JSON.parse(readFileSync('../testdata/formats.json', 'utf8')) as readonly {
    format: string;
    title: string;
    content: string;
    use: string;
    choosable: boolean;
    default: boolean;
  }[];
  expect(formats).toEqual(
    table
      .filter(({ choosable }) => choosable)
      .map(({ format, title, content, use, default: made }) => ({
        format,
        title,
        content,
        use,
        default: made,
      })),
  );
});
