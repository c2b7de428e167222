import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig, readConfig } from './config.ts';

const good = {
  apiUrl: '/api/',
  region: 'us-east-1',
  stack: 'dev',
  auth: { authority: 'https://issuer', clientId: 'c', scope: 'openid email' },
  limits: {
    maxBytes: 1,
    maxPixels: 2,
    minSide: 3,
    maxObjects: 4,
    minBox: 5,
    maxUnfinished: 6,
    contentTypes: ['image/png'],
  },
  backend: 'relief',
};

it('reads the settings', () => {
  expect(readConfig(good)).toMatchObject({
    apiUrl: '/api',
    auth: { clientId: 'c' },
    limits: { maxObjects: 4 },
  });
});

it('takes every field of what the service writes (webapp/config_test.go)', () => {
  const written = JSON.parse(readFileSync(join(process.cwd(), '../testdata/config.json'), 'utf8'));
  expect(readConfig(written)).toEqual(written);
});

it('starts the GPU at the choice of a photo only if the service says so', () => {
  expect(readConfig(good).wakeOnPhoto).toBeUndefined();
  expect(readConfig({ ...good, wakeOnPhoto: 'yes' }).wakeOnPhoto).toBeUndefined();
  for (const wakeOnPhoto of [true, false])
    expect(readConfig({ ...good, wakeOnPhoto }).wakeOnPhoto).toBe(wakeOnPhoto);
});

it('takes the version of the service where it is known', () => {
  expect(readConfig(good).version).toBeUndefined();
  expect(readConfig({ ...good, version: 'v1.2.3' }).version).toBe('v1.2.3');
});

it('refuses settings that lack something, naming it', () => {
  expect(() => readConfig(null)).toThrow('not an object');
  expect(() => readConfig({ ...good, auth: {} })).toThrow('authority');
  expect(() => readConfig({ ...good, limits: { ...good.limits, maxBytes: '20' } })).toThrow('maxBytes');
  expect(() => readConfig({ ...good, limits: { ...good.limits, contentTypes: [] } })).toThrow('contentTypes');
});

it('says what the server answered', async () => {
  await expect(loadConfig(() => Promise.resolve(new Response('', { status: 503 })))).rejects.toThrow('503');
});
