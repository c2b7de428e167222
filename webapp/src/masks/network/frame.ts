import type { Box, Size } from '../../boxes/geometry.ts';
import type { Point } from '../Point.ts';

/** The side of the network's picture, in pixels. */
export const side = 1024;

// The normalization of the photo: sam2/utils/transforms.py of facebookresearch/sam2, and
// preprocessor_config.json of the published network (image_mean, image_std).
const mean = [0.485, 0.456, 0.406] as const;
const deviation = [0.229, 0.224, 0.225] as const;

/**
 * Returns the input `pixel_values`, three planes of side × side, of RGBA pixels of that size. The photo
 * fills them: its shape is not kept (SAM2Transforms, and Sam2ImageProcessor in Transformers).
 */
export function planes(pixels: Uint8ClampedArray): Float32Array<ArrayBuffer> {
  const area = side * side;
  const out = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel += 1) {
    const scale = 1 / (255 * (deviation[channel] as number));
    const shift = (mean[channel] as number) / (deviation[channel] as number);
    for (let i = 0; i < area; i += 1)
      out[channel * area + i] = (pixels[i * 4 + channel] as number) * scale - shift;
  }
  return out;
}

/**
 * Places points and the box in the network's picture. The network adds half a pixel to every coordinate
 * (sam2/modeling/sam/prompt_encoder.py): it takes them for indexes of pixels.
 */
export class Frame {
  readonly #across: number;
  readonly #down: number;

  constructor({ width, height }: Size) {
    this.#across = side / width;
    this.#down = side / height;
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
