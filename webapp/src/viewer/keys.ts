/** A step of the camera: `x` and `y` are 1, 0 or -1, to the right and down. */
export type Move =
  | { readonly kind: 'turn' | 'pan'; readonly x: number; readonly y: number }
  | { readonly kind: 'zoom'; readonly isIn: boolean }
  | { readonly kind: 'home' };

const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [1, 0],
  ArrowRight: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** What a key does to the view; null if it has no meaning there. */
export function moveOf({ key, shiftKey }: Pick<KeyboardEvent, 'key' | 'shiftKey'>): Move | null {
  const arrow = arrows[key];
  if (arrow) return { kind: shiftKey ? 'pan' : 'turn', x: arrow[0], y: arrow[1] };
  if (key === '+' || key === '=') return { kind: 'zoom', isIn: true };
  if (key === '-' || key === '_') return { kind: 'zoom', isIn: false };
  if (key === '0' || key === 'Home') return { kind: 'home' };
  return null;
}
