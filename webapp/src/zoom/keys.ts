import type { KeyPress } from '../boxes/keys.ts';

/** Maps a key to its command: + enlarges, - reduces, 0 shows the whole photo. */
export function zoomFor(press: KeyPress): 'in' | 'out' | 'fit' | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  switch (press.key) {
    case '+':
    case '=':
      return 'in';
    case '-':
    case '_':
      return 'out';
    case '0':
      return 'fit';
    default:
      return null;
  }
}

/** Maps an arrow key to the direction in which the photo moves: the part shown moves with the arrow. */
export function panFor(press: KeyPress): { readonly right: number; readonly down: number } | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  switch (press.key) {
    case 'ArrowLeft':
      return { right: 1, down: 0 };
    case 'ArrowRight':
      return { right: -1, down: 0 };
    case 'ArrowUp':
      return { right: 0, down: 1 };
    case 'ArrowDown':
      return { right: 0, down: -1 };
    default:
      return null;
  }
}
