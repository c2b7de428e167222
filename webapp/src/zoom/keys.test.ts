import { expect, it } from 'vitest';
import { panFor, zoomFor } from './keys.ts';

const press = (key: string, held = {}) => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...held,
});

it('maps keys to zoom, and leaves those of the browser alone', () => {
  expect(['+', '=', '-', '_', '0', '1'].map((key) => zoomFor(press(key)))).toEqual([
    'in',
    'in',
    'out',
    'out',
    'fit',
    null,
  ]);
  for (const held of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }])
    expect(zoomFor(press('+', held))).toBeNull();
});

it('moves the part that is shown with the arrow', () => {
  expect(panFor(press('ArrowRight'))).toEqual({ right: -1, down: 0 });
  expect(panFor(press('ArrowUp'))).toEqual({ right: 0, down: 1 });
  expect(panFor(press('ArrowUp', { altKey: true }))).toBeNull();
  expect(panFor(press('a'))).toBeNull();
});
