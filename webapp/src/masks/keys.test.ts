import { expect, it } from 'vitest';
import { crosshairCommandFor } from './keys.ts';

const press = (
  key: string,
  held: Partial<Record<'shiftKey' | 'altKey' | 'ctrlKey' | 'metaKey', boolean>> = {},
) => crosshairCommandFor({ key, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, ...held }, 6);

it('moves by arrows, farther with Shift, by one pixel with Alt', () => {
  expect(press('ArrowLeft')).toEqual({ kind: 'move', dx: -6, dy: 0 });
  expect(press('ArrowDown', { shiftKey: true })).toEqual({ kind: 'move', dx: 0, dy: 30 });
  expect(press('ArrowUp', { altKey: true, shiftKey: true })).toEqual({ kind: 'move', dx: 0, dy: -1 });
});

it('uses the tool by Enter, its opposite with Shift', () => {
  expect(press('Enter')).toEqual({ kind: 'act', opposite: false });
  expect(press('Enter', { shiftKey: true })).toEqual({ kind: 'act', opposite: true });
});

it('leaves other keys to the page', () => {
  for (const key of ['Tab', 'Escape', 'z', ' ']) expect(press(key)).toBeNull();
  expect(press('ArrowLeft', { ctrlKey: true })).toBeNull();
  expect(press('Enter', { metaKey: true })).toBeNull();
});
