/** A rectangle on the screen, as getBoundingClientRect returns it. */
export interface ScreenRect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export type Corner = 'topLeft' | 'topRight' | 'bottomRight' | 'bottomLeft';
export type Edge = 'top' | 'right' | 'bottom' | 'left';

/** The part of the selected box that a press drags. */
export type Grip = Corner | Edge | 'inside';

/**
 * Distance from a corner, in CSS pixels along each axis, within which a press drags it. For a
 * finger it makes a target of 44 × 44, the size that WCAG 2.5.5 requires.
 */
export const reachOf = (pointerType: string): number => (pointerType === 'touch' ? 22 : 10);

/** Distance from an edge, in CSS pixels, within which a press drags it. */
const edgeReachOf = (reach: number): number => reach / 3;

/**
 * Returns what a press at x, y drags: the nearest corner within reach, an edge, the inside of the
 * box, or nothing. Within the box a corner or an edge reaches at most a third of the shorter side,
 * so that a small box can still be moved.
 */
export function gripAt(x: number, y: number, box: ScreenRect, reach: number): Grip | null {
  const inside = x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
  const shorter = Math.min(box.right - box.left, box.bottom - box.top);
  const within = (limit: number): number => (inside ? Math.min(limit, shorter / 3) : limit);
  return (
    cornerAt(x, y, box, within(reach)) ??
    edgeAt(x, y, box, within(edgeReachOf(reach))) ??
    (inside ? 'inside' : null)
  );
}

function cornerAt(x: number, y: number, box: ScreenRect, limit: number): Corner | null {
  const corners: readonly (readonly [Corner, number, number])[] = [
    ['topLeft', box.left, box.top],
    ['topRight', box.right, box.top],
    ['bottomRight', box.right, box.bottom],
    ['bottomLeft', box.left, box.bottom],
  ];
  let grip: Corner | null = null;
  let nearest = Number.POSITIVE_INFINITY;
  for (const [corner, left, top] of corners) {
    const [dx, dy] = [Math.abs(x - left), Math.abs(y - top)];
    const distance = Math.hypot(dx, dy);
    if (Math.max(dx, dy) > limit || distance >= nearest) continue;
    grip = corner;
    nearest = distance;
  }
  return grip;
}

function edgeAt(x: number, y: number, box: ScreenRect, limit: number): Edge | null {
  const isBetween = (at: number, low: number, high: number): boolean => at >= low && at <= high;
  if (isBetween(x, box.left, box.right)) {
    if (Math.abs(y - box.top) <= limit) return 'top';
    if (Math.abs(y - box.bottom) <= limit) return 'bottom';
  }
  if (isBetween(y, box.top, box.bottom)) {
    if (Math.abs(x - box.left) <= limit) return 'left';
    if (Math.abs(x - box.right) <= limit) return 'right';
  }
  return null;
}
