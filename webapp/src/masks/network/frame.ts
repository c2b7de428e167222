import type { Box, Size } from '../../boxes/geometry.ts';
import type { Point } from '../Point.ts';

/** The side of the network's picture, in pixels. */
export const side = 1024;

// preprocessor_config.json of the published network: image_mean and image_std.
const mean = [0.485, 0.456, 0.406] as const;
const deviation = [0.229, 0.224, 0.225] as const;

/**
 * Returns the size of the photo in the network's picture: scaled so that the longer side fills it, in
 * the left upper corner (SamImageProcessor._get_preprocess_shape of Transformers).
 */
export function fitted({ width, height }: Size): Size {
  const scale = side / Math.max(width, height);
  const scaled = (length: number): number => Math.max(1, Math.floor(length * scale + 0.5));
  return { width: scaled(width), height: scaled(height) };
}

/**
 * Returns the input `pixel_values`, three planes of side × side, of RGBA pixels of a fitted size. What
 * they do not cover is 0, as Transformers pads after normalizing.
 */
export function planes(pixels: Uint8ClampedArray, { width, height }: Size): Float32Array<ArrayBuffer> {
  const out = new Float32Array(3 * side * side);
  for (let channel = 0; channel < 3; channel += 1) {
    const scale = 1 / (255 * (deviation[channel] as number));
    const shift = (mean[channel] as number) / (deviation[channel] as number);
    for (let y = 0; y < height; y += 1) {
      let from = y * width * 4 + channel;
      let to = (channel * side + y) * side;
      for (let x = 0; x < width; x += 1) {
        out[to] = (pixels[from] as number) * scale - shift;
        from += 4;
        to += 1;
      }
    }
  }
  return out;
}

/**
 * Places points and the box in the network's picture. The network adds half a pixel to every
 * coordinate, as it takes them for indexes of pixels.
 */
export class Frame {
  readonly #across: number;
  readonly #down: number;

  constructor(photo: Size) {
    const { width, height } = fitted(photo);
    this.#across = width / photo.width;
    this.#down = height / photo.height;
  }

  /** Returns x and y of each point. */
  points(points: readonly Point[]): Float32Array {
    return Float32Array.from(
      points.flatMap(({ x, y }) => [(x + 0.5) * this.#across - 0.5, (y + 0.5) * this.#down - 0.5]),
    );
  }

  /** Returns the left, upper, right and lower edge. */
  box({ x0, y0, x1, y1 }: Box): Float32Array {
    return Float32Array.of(
      x0 * this.#across - 0.5,
      y0 * this.#down - 0.5,
      x1 * this.#across - 0.5,
      y1 * this.#down - 0.5,
    );
  }
}
