import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const policy = JSON.parse(readFileSync('csp.json', 'utf8')) as Record<string, string[]>;
const sources = Object.values(policy).flat();

it('allows neither inline scripts nor inline styles nor eval', () => {
  expect(policy['default-src']).toEqual(["'none'"]);
  expect(policy['script-src']).toEqual(["'self'"]);
  expect(policy['style-src']).toEqual(["'self'"]);
  expect(sources.filter((source) => /unsafe|\*/.test(source))).toEqual([]);
});

it('names no host: the bucket and the issuer are filled in', () => {
  for (const source of sources)
    expect(source).toMatch(/^('self'|'none'|'sha256-[\w+/=]+'|blob:|data:|\{bucket\}|\{issuer\})$/);
});
