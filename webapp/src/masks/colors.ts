/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Colors of masks: apart from each other for eyes that see few colors, too, as far as eight can be. */
const palette: readonly Rgb[] = [
  [74, 114, 245],
  [230, 97, 0],
  [0, 158, 115],
  [204, 70, 150],
  [240, 200, 40],
  [86, 190, 233],
  [160, 90, 220],
  [200, 40, 40],
];

/** The color of an object by its number, from 1. */
export const colorOf = (number: number): Rgb => palette[(number - 1) % palette.length] as Rgb;

/** Opacity of a mask's tint, 0 to 255. */
export const tintAlpha = 100;

/** The pixel of an ImageData as one number. */
export function wordOf([red, green, blue]: Rgb, alpha: number): number {
  return new Uint32Array(Uint8Array.of(red, green, blue, alpha).buffer)[0] as number;
}
