/**
 * Boxes in pixels of the photo as shown: whole numbers, x to the right, y down; the left and upper
 * edges are inclusive, the right and lower ones exclusive. All functions are independent of the
 * screen.
 */

export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const widthOf = (box: Box): number => box.x1 - box.x0;
export const heightOf = (box: Box): number => box.y1 - box.y0;

export const sameBox = (a: Box, b: Box): boolean =>
  a.x0 === b.x0 && a.y0 === b.y0 && a.x1 === b.x1 && a.y1 === b.y1;

/** Returns the box in the API's form. */
export const toTuple = (box: Box): [number, number, number, number] => [box.x0, box.y0, box.x1, box.y1];

/** Parses the API's form; null unless it is four numbers in order. */
export function fromTuple(tuple: readonly number[]): Box | null {
  const [x0, y0, x1, y1] = tuple;
  if (x0 === undefined || y0 === undefined || x1 === undefined || y1 === undefined) return null;
  if (!(x0 < x1 && y0 < y1)) return null;
  return { x0, y0, x1, y1 };
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Returns the box between two corners in any order, clipped to the picture. It may be empty. */
export function between(ax: number, ay: number, bx: number, by: number, size: Size): Box {
  const x = [ax, bx].map((v) => clamp(Math.round(v), 0, size.width)).sort((p, q) => p - q);
  const y = [ay, by].map((v) => clamp(Math.round(v), 0, size.height)).sort((p, q) => p - q);
  return { x0: x[0] ?? 0, y0: y[0] ?? 0, x1: x[1] ?? 0, y1: y[1] ?? 0 };
}

/** Whether either side is shorter than the minimum. */
export const isTooSmall = (box: Box, least: number): boolean => widthOf(box) < least || heightOf(box) < least;

/** Whether the box has whole, ordered corners inside the picture. */
export function isInside(box: Box, size: Size): boolean {
  const whole = [box.x0, box.y0, box.x1, box.y1].every(Number.isInteger);
  return (
    whole &&
    box.x0 >= 0 &&
    box.y0 >= 0 &&
    box.x0 < box.x1 &&
    box.y0 < box.y1 &&
    box.x1 <= size.width &&
    box.y1 <= size.height
  );
}

/** Moves the box without resizing it; it stops at the picture's edges. */
export function moveBy(box: Box, dx: number, dy: number, size: Size): Box {
  const x0 = clamp(Math.round(box.x0 + dx), 0, Math.max(0, size.width - widthOf(box)));
  const y0 = clamp(Math.round(box.y0 + dy), 0, Math.max(0, size.height - heightOf(box)));
  return { x0, y0, x1: x0 + widthOf(box), y1: y0 + heightOf(box) };
}

/** Moves the lower right corner; it stops at the minimum size and at the picture's edges. */
export function resizeBy(box: Box, dx: number, dy: number, size: Size, least: number): Box {
  return {
    ...box,
    x1: clamp(Math.round(box.x1 + dx), Math.min(box.x0 + least, size.width), size.width),
    y1: clamp(Math.round(box.y1 + dy), Math.min(box.y0 + least, size.height), size.height),
  };
}

/** The ends of one side, in whole pixels, inside 0…length and at least `least` apart. */
function fitSide(low: number, high: number, length: number, least: number): [number, number] {
  let a = clamp(Math.round(Math.min(low, high)), 0, length);
  let b = clamp(Math.round(Math.max(low, high)), 0, length);
  if (b - a < least) {
    a = clamp(a, 0, Math.max(0, length - least));
    b = Math.min(a + least, length);
  }
  return [a, b];
}

/** Returns the nearest valid box to any rectangle: whole, inside, not too small. */
export function fitInside(box: Box, size: Size, least: number): Box {
  const [x0, x1] = fitSide(box.x0, box.x1, size.width, least);
  const [y0, y1] = fitSide(box.y0, box.y1, size.height, least);
  return { x0, y0, x1, y1 };
}

/**
 * Moves a rectangle that was dragged as a whole back inside without resizing it, and makes one that
 * was resized valid.
 */
export function settle(dragged: Box, before: Box, size: Size, least: number): Box {
  const moved =
    Math.abs(widthOf(dragged) - widthOf(before)) < 0.5 &&
    Math.abs(heightOf(dragged) - heightOf(before)) < 0.5;
  return moved
    ? moveBy(before, dragged.x0 - before.x0, dragged.y0 - before.y0, size)
    : fitInside(dragged, size, least);
}

/**
 * Of the items whose box contains the point or is within `around` of it, the one with the smallest
 * box.
 */
export function smallestAt<T extends { readonly box: Box }>(
  items: readonly T[],
  x: number,
  y: number,
  around: number,
): T | null {
  const area = ({ box }: T): number => widthOf(box) * heightOf(box);
  return items
    .filter(
      ({ box }) =>
        x >= box.x0 - around && x <= box.x1 + around && y >= box.y0 - around && y <= box.y1 + around,
    )
    .reduce<T | null>((least, item) => (least && area(least) <= area(item) ? least : item), null);
}

/** Position of a box added without drawing: a third of the picture, clear of the existing boxes. */
export function freeBox(taken: readonly Box[], size: Size, least: number): Box {
  const width = Math.max(least, Math.round(size.width / 3));
  const height = Math.max(least, Math.round(size.height / 3));
  const steps = [1, 0, 2];
  for (const row of steps) {
    for (const column of steps) {
      const x0 = Math.round(((size.width - width) * column) / 2);
      const y0 = Math.round(((size.height - height) * row) / 2);
      const box = fitInside({ x0, y0, x1: x0 + width, y1: y0 + height }, size, least);
      if (!taken.some((other) => overlap(box, other) > 0.5)) return box;
    }
  }
  const nudge = taken.length * Math.max(4, Math.round(size.width / 40));
  const middle = fitInside(
    {
      x0: (size.width - width) / 2,
      y0: (size.height - height) / 2,
      x1: (size.width + width) / 2,
      y1: (size.height + height) / 2,
    },
    size,
    least,
  );
  return moveBy(middle, nudge, nudge, size);
}

/** The fraction of `a` that `b` covers. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0);
  const height = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0);
  return width > 0 && height > 0 ? (width * height) / (widthOf(a) * heightOf(a)) : 0;
}

/** Left, top, width and height in percent of the picture, for an overlay at any scale. */
export function inPercent(
  box: Box,
  size: Size,
): { left: number; top: number; width: number; height: number } {
  return {
    left: (box.x0 / size.width) * 100,
    top: (box.y0 / size.height) * 100,
    width: (widthOf(box) / size.width) * 100,
    height: (heightOf(box) / size.height) * 100,
  };
}
