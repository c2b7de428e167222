import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const policy = JSON.parse(readFileSync('csp.json', 'utf8')) as Record<string, string[]>;
const sources = Object.values(policy).flat();

it('allows neither inline scripts nor inline styles nor eval, but WebAssembly', () => {
  expect(policy['default-src']).toEqual(["'none'"]);
  expect(policy['script-src']).toEqual(["'self'", "'wasm-unsafe-eval'"]);
  expect(policy['style-src']).toEqual(["'self'"]);
  expect(policy['worker-src']).toEqual(["'self'"]);
  expect(sources.filter((source) => /unsafe|\*/.test(source))).toEqual(["'wasm-unsafe-eval'"]);
});

it('names no host: the bucket and the issuer are filled in', () => {
  for (const source of sources)
    expect(source).toMatch(
      /^('self'|'none'|'wasm-unsafe-eval'|'sha256-[\w+/=]+'|blob:|data:|\{bucket\}|\{issuer\})$/,
    );
});
