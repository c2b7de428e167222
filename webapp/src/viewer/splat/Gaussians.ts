/**
 * The Gaussians of a splat, in glTF's coordinates, one after the other in each array. Scales are the
 * standard deviations along the axes of the rotation, a unit quaternion in the order w, x, y, z;
 * colors and opacities are bytes.
 */
export interface Gaussians {
  readonly count: number;
  readonly positions: Float32Array;
  readonly scales: Float32Array;
  readonly rotations: Float32Array;
  /** Red, green, blue, opacity. */
  readonly colors: Uint8ClampedArray;
}

/** Arrays for `count` Gaussians. */
export const emptyGaussians = (count: number): Gaussians => ({
  count,
  positions: new Float32Array(count * 3),
  scales: new Float32Array(count * 3),
  rotations: new Float32Array(count * 4),
  colors: new Uint8ClampedArray(count * 4),
});

/** The most Gaussians that are read: their data fills 400 MB. */
export const mostGaussians = 8_000_000;

/** Value of the harmonic of degree 0, by which 3D Gaussian Splatting divides colors. */
export const harmonic0 = 0.28209479177387814;
