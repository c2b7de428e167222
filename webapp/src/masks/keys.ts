import type { KeyPress } from '../boxes/keys.ts';

/** The command of a key pressed on the crosshair. */
export type CrosshairCommand =
  | { readonly kind: 'move'; readonly dx: number; readonly dy: number }
  | { readonly kind: 'act'; readonly opposite: boolean };

const directions: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/**
 * Maps a key to its command: arrows move, with Shift five times as far, with Alt by one pixel; Enter
 * uses the tool, Shift with Enter its opposite. `step` is the ordinary step in the photo's pixels.
 */
export function crosshairCommandFor(press: KeyPress, step: number): CrosshairCommand | null {
  if (press.ctrlKey || press.metaKey) return null;
  const direction = directions[press.key];
  if (direction) {
    const ordinary = Math.max(1, Math.round(step));
    const pixels = press.altKey ? 1 : ordinary * (press.shiftKey ? 5 : 1);
    return { kind: 'move', dx: direction[0] * pixels, dy: direction[1] * pixels };
  }
  return press.key === 'Enter' ? { kind: 'act', opposite: press.shiftKey } : null;
}
