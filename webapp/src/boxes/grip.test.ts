import { describe, expect, it } from 'vitest';
import { gripAt, reachOf } from './grip.ts';

const box = { left: 100, top: 100, right: 220, bottom: 200 };
const finger = reachOf('touch');

describe('gripAt', () => {
  it('drags a corner from anywhere in a square of 44 pixels with a finger', () => {
    for (const [dx, dy] of [
      [0, 0],
      [14, 0],
      [-14, 14],
      [22, 22],
      [-22, -22],
    ] as const) {
      expect(gripAt(220 + dx, 200 + dy, box, finger)).toBe('bottomRight');
      expect(gripAt(100 + dx, 100 + dy, box, finger)).toBe('topLeft');
    }
    expect(gripAt(243, 200, box, finger)).toBeNull();
    expect(gripAt(160, 150, box, finger)).toBe('inside');
  });

  it('requires a mouse to be closer', () => {
    expect(gripAt(229, 200, box, reachOf('mouse'))).toBe('bottomRight');
    expect(gripAt(234, 200, box, reachOf('mouse'))).toBeNull();
  });

  it('chooses the nearest corner when several are in reach', () => {
    const small = { left: 100, top: 100, right: 116, bottom: 116 };
    expect(gripAt(118, 99, small, finger)).toBe('topRight');
    expect(gripAt(97, 118, small, finger)).toBe('bottomLeft');
    expect(gripAt(106, 96, small, finger)).toBe('topLeft');
  });

  it('keeps the middle of a small box for moving it', () => {
    const small = { left: 100, top: 100, right: 124, bottom: 124 };
    expect(gripAt(112, 112, small, finger)).toBe('inside');
    expect(gripAt(122, 122, small, finger)).toBe('bottomRight');
  });
});

it('takes an edge between its corners, from both sides', () => {
  const box = { left: 100, top: 100, right: 200, bottom: 180 };
  const mouse = reachOf('mouse');
  expect(gripAt(150, 98, box, mouse)).toBe('top');
  expect(gripAt(150, 182, box, mouse)).toBe('bottom');
  expect(gripAt(102, 140, box, mouse)).toBe('left');
  expect(gripAt(206, 140, box, reachOf('touch'))).toBe('right');
  expect(gripAt(206, 140, box, mouse)).toBeNull();
  expect(gripAt(150, 106, box, mouse)).toBe('inside');
});
