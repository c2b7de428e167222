import type { Size } from '../boxes/geometry.ts';
import type { Spot } from '../zoom/PhotoView.ts';
import { type Mask, MaskWriter } from './Mask.ts';

/**
 * Returns the pixels that a round brush covers on its way from one position to another. A pixel is
 * covered if its center is within the radius; all lengths are in pixels of the photo.
 */
export function covered(size: Size, from: Spot, to: Spot, radius: number): Mask {
  const { width, height } = size;
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  const isCovered = (x: number, y: number): boolean => {
    const [cx, cy] = [x + 0.5 - from.x, y + 0.5 - from.y];
    const along = length === 0 ? 0 : Math.min(1, Math.max(0, (cx * dx + cy * dy) / length));
    const [ox, oy] = [cx - along * dx, cy - along * dy];
    return ox * ox + oy * oy <= radius * radius;
  };
  const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - radius));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(from.y, to.y) + radius));
  const left = Math.max(0, Math.floor(Math.min(from.x, to.x) - radius));
  const right = Math.min(width - 1, Math.ceil(Math.max(from.x, to.x) + radius));
  const mask = new MaskWriter();
  for (let y = top; y <= bottom; y += 1) {
    // What a disc covers on its way is convex: one run a row.
    let [first, last] = [left, right];
    while (first <= last && !isCovered(first, y)) first += 1;
    while (last > first && !isCovered(last, y)) last -= 1;
    if (first > last) continue;
    mask.add(false, y * width + first - mask.length);
    mask.add(true, last - first + 1);
  }
  return mask.finish(size);
}
