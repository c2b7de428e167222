import { expect, it } from 'vitest';
import { commandFor, historyStepFor } from './keys.ts';

const press = (key: string, modifiers: Partial<Parameters<typeof commandFor>[0]> = {}) =>
  commandFor({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...modifiers }, 6);

it('moves with arrows, resizes with Shift, steps by one pixel with Alt', () => {
  expect(press('ArrowLeft')).toEqual({ kind: 'move', dx: -6, dy: 0 });
  expect(press('ArrowDown', { shiftKey: true })).toEqual({ kind: 'resize', dx: 0, dy: 6 });
  expect(press('ArrowUp', { altKey: true })).toEqual({ kind: 'move', dx: 0, dy: -1 });
});

it('removes, names and deselects', () => {
  expect(press('Delete')).toEqual({ kind: 'remove' });
  expect(press('Backspace')).toEqual({ kind: 'remove' });
  expect(press('Enter')).toEqual({ kind: 'label' });
  expect(press('Escape')).toEqual({ kind: 'leave' });
});

it('ignores Tab, characters and the browser’s own shortcuts', () => {
  expect(press('Tab')).toBeNull();
  expect(press('a')).toBeNull();
  expect(press('ArrowLeft', { metaKey: true })).toBeNull();
});

it('maps the undo and redo keys of every system', () => {
  const step = (key: string, modifiers: Partial<Parameters<typeof historyStepFor>[0]>) =>
    historyStepFor({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...modifiers });
  expect(step('z', { ctrlKey: true })).toBe('undo');
  expect(step('z', { metaKey: true })).toBe('undo');
  expect(step('y', { ctrlKey: true })).toBe('redo');
  expect(step('Z', { ctrlKey: true, shiftKey: true })).toBe('redo');
  expect(step('Z', { metaKey: true, shiftKey: true })).toBe('redo');
  expect(step('z', {})).toBeNull();
  expect(step('a', { ctrlKey: true })).toBeNull();
  expect(step('z', { ctrlKey: true, altKey: true })).toBeNull();
});
