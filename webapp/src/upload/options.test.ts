import { describe, expect, it } from 'vitest';
import { defaultOptions, readOptions } from './options.ts';

describe('readOptions', () => {
  it('returns the options for the request', () => {
    expect(readOptions(defaultOptions)).toEqual({
      seed: 0,
      formats: ['glb', 'ply', 'splat', 'spz'],
      quality: 'standard',
    });
    expect(readOptions({ seed: ' 42 ', formats: ['ply'], quality: 'high', faces: '20,000' })).toEqual({
      seed: 42,
      formats: ['ply'],
      quality: 'high',
      faces: 20_000,
    });
  });

  it('reads a draft of an earlier version of the page', () => {
    expect(readOptions({ seed: '', formats: ['glb'] })).toEqual({
      seed: 0,
      formats: ['glb'],
      quality: 'standard',
    });
  });

  it('names the first field that is wrong', () => {
    for (const [change, field] of [
      [{ faces: '999' }, 'faces'],
      [{ faces: '1e4' }, 'faces'],
      [{ seed: '4294967296' }, 'seed'],
      [{ seed: '-1' }, 'seed'],
      [{ formats: [] }, 'formats'],
    ] as const)
      expect(readOptions({ ...defaultOptions, ...change })).toMatchObject({ field });
  });
});
