import { beforeEach, describe, expect, it, vi } from 'vitest';
import { inMeters, parseLength, rememberedSize, rememberSize, usualSize } from './size.ts';

beforeEach(() => {
  const stored = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  });
});

it('reads lengths as they are typed', () => {
  expect(['100', ' 2.5 ', '2,5', '.5', '1000000'].map(parseLength)).toEqual([100, 2.5, 2.5, 0.5, 1000000]);
  for (const text of ['', '0', '-1', '1e3', '1000001', '1 000', '1.2.3', 'big', 'Infinity'])
    expect(parseLength(text), text).toBeNull();
});

it('knows the length of each unit', () => {
  expect(inMeters({ length: 100, unit: 'mm' })).toBeCloseTo(0.1);
  expect(inMeters({ length: 10, unit: 'cm' })).toBeCloseTo(0.1);
  expect(inMeters({ length: 2, unit: 'm' })).toBe(2);
  expect(inMeters({ length: 10, unit: 'in' })).toBeCloseTo(0.254);
});

describe('the remembered size', () => {
  it('is the last one', () => {
    expect(rememberedSize()).toEqual(usualSize);
    rememberSize({ length: 2.5, unit: 'in' });
    expect(rememberedSize()).toEqual({ length: 2.5, unit: 'in' });
  });

  it.each(['{', 'null', '{"length":-1,"unit":"mm"}', '{"length":5,"unit":"toString"}', '{"length":5}'])(
    'is the usual one in place of %s',
    (text) => {
      localStorage.setItem('gen3d.size', text);
      expect(rememberedSize()).toEqual(usualSize);
    },
  );

  it('is not needed where the browser stores nothing', () => {
    vi.stubGlobal('localStorage', undefined);
    rememberSize({ length: 5, unit: 'm' });
    expect(rememberedSize()).toEqual(usualSize);
  });
});
