/** The command of a key pressed on a focused box. */
export type BoxCommand =
  | { readonly kind: 'move'; readonly dx: number; readonly dy: number }
  | { readonly kind: 'resize'; readonly dx: number; readonly dy: number }
  | { readonly kind: 'remove' }
  | { readonly kind: 'label' }
  | { readonly kind: 'leave' };

export interface KeyPress {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

const directions: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/**
 * Maps a key to its command: arrows move, Shift with arrows resizes, Alt makes the step one pixel,
 * Delete removes, Enter edits the label, Escape deselects. `step` is the ordinary step in the
 * photo's pixels.
 */
export function commandFor(press: KeyPress, step: number): BoxCommand | null {
  if (press.ctrlKey || press.metaKey) return null;
  const direction = directions[press.key];
  if (direction) {
    const pixels = press.altKey ? 1 : Math.max(1, Math.round(step));
    const [x, y] = direction;
    return { kind: press.shiftKey ? 'resize' : 'move', dx: x * pixels, dy: y * pixels };
  }
  switch (press.key) {
    case 'Delete':
    case 'Backspace':
      return { kind: 'remove' };
    case 'Enter':
      return { kind: 'label' };
    case 'Escape':
      return { kind: 'leave' };
    default:
      return null;
  }
}

/** Maps a key to undo or redo: Ctrl or Cmd with Z, Shift + Z or Y. */
export function historyStepFor(press: KeyPress): 'undo' | 'redo' | null {
  if (press.ctrlKey === press.metaKey || press.altKey) return null;
  const key = press.key.toLowerCase();
  if (key === 'z') return press.shiftKey ? 'redo' : 'undo';
  return key === 'y' && !press.shiftKey ? 'redo' : null;
}
