import { type Box, inPercent, type Size } from './geometry.ts';

/**
 * Places an element over a photo. Its container has the size of the photo on the screen, whatever
 * that is, and `container-type: size`. A move changes the transform alone, which needs no layout.
 */
export function placeBox({ style }: HTMLElement, box: Box, size: Size): void {
  const { left, top, width, height } = inPercent(box, size);
  style.transform = `translate(${left}cqw, ${top}cqh)`;
  const [wide, tall] = [`${width}cqw`, `${height}cqh`];
  if (style.width !== wide) style.width = wide;
  if (style.height !== tall) style.height = tall;
}

/** Places the center of an element at a position of the photo, as placeBox does. */
export function placeCenter({ style }: HTMLElement, x: number, y: number, size: Size): void {
  const [left, top] = [(x / size.width) * 100, (y / size.height) * 100];
  style.transform = `translate(${left}cqw, ${top}cqh) translate(-50%, -50%)`;
}
