import type { Size } from '../boxes/geometry.ts';
import { h } from '../dom.ts';
import type { Rgb } from './colors.ts';
import { tint } from './tint.ts';

/** Widest canvas: more pixels are not seen, and take time with every stroke. */
const widest = 1600;
/** Length in pixels of the outline's dashes, and milliseconds until they move by one pixel. */
const dash = 6;
const pace = 90;

/** Shows one mask over the photo: a tint, the outline, and the area outside dimmed on demand. */
export class MaskCanvas {
  readonly element: HTMLElement;
  readonly #tint = h('canvas', { class: 'mask-tint' });
  readonly #outline = h('canvas', { class: 'mask-outline' });
  #edge: Int32Array = new Int32Array(0);
  #color: Rgb = [0, 0, 0];
  #phase = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly photo: Size,
    moves: boolean,
  ) {
    this.element = h('div', { class: 'mask-canvas', 'aria-hidden': 'true' }, this.#tint, this.#outline);
    if (moves && !matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.#timer = setInterval(() => {
        this.#phase = (this.#phase + 1) % (2 * dash);
        this.#drawOutline();
      }, pace);
    }
  }

  destroy(): void {
    clearInterval(this.#timer);
    this.element.remove();
  }

  /** Shows a bitmap of the photo, one byte a pixel. */
  show(bitmap: Uint8Array, color: Rgb, isDim: boolean): void {
    const { width: wide, height: tall } = this.photo;
    const shownWidth = Math.round(this.element.clientWidth * devicePixelRatio);
    const width = Math.max(1, Math.min(wide, widest, shownWidth));
    const height = Math.max(1, Math.round((width * tall) / wide));
    const { data, edge } = tint(bitmap, this.photo, { width, height }, color, isDim);
    for (const canvas of [this.#tint, this.#outline]) {
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
    }
    this.#tint.getContext('2d')?.putImageData(new ImageData(data, width, height), 0, 0);
    this.#edge = edge;
    this.#color = color;
    this.#drawOutline();
  }

  /** Draws the outline in dashes of the color and of white. */
  #drawOutline(): void {
    const { width, height } = this.#outline;
    const image = new ImageData(width, height);
    const words = new Uint32Array(image.data.buffer);
    const [red, green, blue] = this.#color;
    const [colored, white] = new Uint32Array(
      Uint8Array.of(red, green, blue, 255, 255, 255, 255, 255).buffer,
    ) as unknown as [number, number];
    for (const i of this.#edge) {
      const along = (i % width) + Math.floor(i / width) + this.#phase;
      words[i] = Math.floor(along / dash) % 2 === 0 ? colored : white;
    }
    this.#outline.getContext('2d')?.putImageData(image, 0, 0);
  }
}
