import { type Box, fitInside, moveBy, type Size } from './geometry.ts';
import type { Grip } from './grip.ts';

/** The cursor over a part of the selected box. */
export const cursorOf: Readonly<Record<Grip, string>> = {
  inside: 'move',
  topLeft: 'nwse-resize',
  bottomRight: 'nwse-resize',
  topRight: 'nesw-resize',
  bottomLeft: 'nesw-resize',
  top: 'ns-resize',
  bottom: 'ns-resize',
  left: 'ew-resize',
  right: 'ew-resize',
};

/**
 * Returns the box after a part of it was dragged by dx, dy pixels of the photo: moved as a whole, or
 * with one or two sides moved, which may pass the opposite ones.
 */
export function dragged(box: Box, grip: Grip, dx: number, dy: number, size: Size, least: number): Box {
  if (grip === 'inside') return moveBy(box, dx, dy, size);
  const part = grip.toLowerCase();
  const moved = {
    x0: box.x0 + (part.includes('left') ? dx : 0),
    y0: box.y0 + (part.includes('top') ? dy : 0),
    x1: box.x1 + (part.includes('right') ? dx : 0),
    y1: box.y1 + (part.includes('bottom') ? dy : 0),
  };
  return fitInside(moved, size, least);
}
