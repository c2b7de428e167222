import type { Size } from '../boxes/geometry.ts';

export interface Spot {
  readonly x: number;
  readonly y: number;
}

/**
 * Sets the pixels of a bitmap that a round brush covers on its way from one position to another. A
 * pixel is covered if its center is within the radius; all lengths are in pixels of the photo.
 */
export function paint(
  bitmap: Uint8Array,
  size: Size,
  from: Spot,
  to: Spot,
  radius: number,
  value: number,
): void {
  const { width, height } = size;
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - radius));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(from.y, to.y) + radius));
  const left = Math.max(0, Math.floor(Math.min(from.x, to.x) - radius));
  const right = Math.min(width - 1, Math.ceil(Math.max(from.x, to.x) + radius));
  for (let y = top; y <= bottom; y += 1) {
    const cy = y + 0.5 - from.y;
    for (let x = left; x <= right; x += 1) {
      const cx = x + 0.5 - from.x;
      const along = length === 0 ? 0 : Math.min(1, Math.max(0, (cx * dx + cy * dy) / length));
      const [ox, oy] = [cx - along * dx, cy - along * dy];
      if (ox * ox + oy * oy <= radius * radius) bitmap[y * width + x] = value;
    }
  }
}
