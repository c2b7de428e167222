/** A pixel of the photo as shown that belongs to an object, or does not. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly isInside: boolean;
}

/** Maximum number of points of an object. */
export const mostPoints = 16;

export const samePoint = (a: Point, b: Point): boolean =>
  a.x === b.x && a.y === b.y && a.isInside === b.isInside;
