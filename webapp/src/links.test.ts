import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isFresh } from './links.ts';

const minute = 60_000;

describe('isFresh', () => {
  const link = 'http://storage/mesh.glb?X-Amz-Expires=4200&X-Amz-Signature=s';

  it('trusts a link until shortly before its end, had it been signed as early as can be', () => {
    const signing = readFileSync(new URL('../../handlers/api/sign.go', import.meta.url), 'utf8');
    const window = Number(/signingWindow = (\d+) \* time\.Minute/.exec(signing)?.[1]) * minute;
    const end = 4_200_000 - window;
    expect(isFresh(link, 0, end - minute)).toBe(true);
    expect(isFresh(link, 0, end - 1000)).toBe(false);
  });

  it('trusts a link that does not say for some minutes only', () => {
    expect(isFresh('http://storage/x', 0, minute)).toBe(true);
    expect(isFresh('http://storage/x', 0, 10 * minute)).toBe(false);
  });
});
