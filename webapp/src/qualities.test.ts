import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultQuality, facesRange, qualities, qualityInfo } from './qualities.ts';

it('has the qualities of the service', () => {
  expect(qualities).toEqual(JSON.parse(readFileSync('../testdata/qualities.json', 'utf8')));
});

it('has the default and the range of the service', () => {
  const described = readFileSync('../handlers/api/openapi.yaml', 'utf8');
  expect(described).toContain(`default: ${defaultQuality}\n`);
  expect(described).toMatch(new RegExp(`minimum: ${facesRange.least}\\n +maximum: ${facesRange.most}\\n`));
});

it('describes the default for a draft with an unknown quality', () => {
  expect(qualityInfo('high').title).toBe('High');
  expect(qualityInfo('best')).toBe(qualityInfo(defaultQuality));
});
