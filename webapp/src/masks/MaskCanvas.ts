import { placeBox } from '../boxes/place.ts';
import type { Size } from '../boxes/geometry.ts';
import { h } from '../dom.ts';
import type { PhotoView } from '../zoom/PhotoView.ts';
import { type Rgb, tintAlpha, wordOf } from './colors.ts';
import type { Mask } from './Mask.ts';
import { type Area, around, sample, tint } from './raster.ts';

/** Longest side of the canvas: more pixels are not seen, and take time with every stroke. */
const longest = 1600;
/** Length in pixels of the outline's dashes, and milliseconds until they move by one pixel. */
const dash = 6;
const pace = 90;
/** Opacity of the dimming outside, 0 to 255. */
const dimAlpha = 170;

export interface Tinted {
  readonly mask: Mask;
  readonly color: Rgb;
}

interface Outline {
  readonly edge: readonly number[];
  readonly colored: number;
}

/**
 * Shows masks over the photo: a tint, the outline, and the area outside dimmed on demand. The canvas
 * covers the part of the photo that the view shows, at the resolution of the screen, so that it is
 * sharp and small however far the photo is zoomed. All drawing is done in the browser's next frame.
 */
export class MaskCanvas {
  readonly element: HTMLElement;
  readonly #tint = h('canvas', { class: 'mask-tint' });
  readonly #outline = h('canvas', { class: 'mask-outline' });
  readonly #stopWatching: () => void;
  #masks: readonly Tinted[] = [];
  #isDim = false;
  #frame = 0;
  #size: Size = { width: 0, height: 0 };
  #inside = new Uint8Array(0);
  #tintImage: ImageData | null = null;
  #lineImage: ImageData | null = null;
  #outlines: readonly Outline[] = [];
  /** What the tint and the outline were drawn in. */
  #area: Area | null = null;
  #phase = 0;
  #loop = 0;

  constructor(
    private readonly view: PhotoView,
    private readonly photo: Size,
    moves: boolean,
  ) {
    this.element = h('div', { class: 'mask-canvas', 'aria-hidden': 'true' }, this.#tint, this.#outline);
    this.#stopWatching = view.watch(() => this.#drawNext());
    if (moves && !matchMedia('(prefers-reduced-motion: reduce)').matches) this.#march();
  }

  destroy(): void {
    this.#stopWatching();
    cancelAnimationFrame(this.#frame);
    cancelAnimationFrame(this.#loop);
    this.element.remove();
  }

  /** Shows masks of the photo; where they overlap, the last one. */
  show(masks: readonly Tinted[], isDim = false): void {
    this.#masks = masks;
    this.#isDim = isDim;
    this.#drawNext();
  }

  #drawNext(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const { part, width: wide, height: tall } = this.view.visible;
    if (wide < 1 || tall < 1) return;
    const ratio = Math.min(devicePixelRatio, longest / Math.max(wide, tall));
    const isOther = this.#resize(Math.round(wide * ratio), Math.round(tall * ratio));
    placeBox(this.element, part, this.photo);
    const [image, lines] = [this.#tintImage, this.#lineImage];
    if (!image || !lines) return;
    const words = new Uint32Array(image.data.buffer);
    const outside = this.#isDim ? wordOf([0, 0, 0], dimAlpha) : 0;
    words.fill(outside);
    new Uint32Array(lines.data.buffer).fill(0);
    let area: Area | null = null;
    this.#outlines = this.#masks.map(({ mask, color }) => {
      this.#inside.fill(0);
      const own = sample(mask, part, this.#size, this.#inside);
      area = around(area, own);
      const edge = own ? tint(this.#inside, this.#size, own, words, wordOf(color, tintAlpha)) : [];
      return { edge, colored: wordOf(color, 255) };
    });
    const drawn =
      this.#isDim || isOther ? { x0: 0, y0: 0, x1: image.width, y1: image.height } : around(area, this.#area);
    this.#area = this.#isDim ? { x0: 0, y0: 0, x1: image.width, y1: image.height } : area;
    this.#drawOutline(drawn);
    put(this.#tint, image, drawn);
  }

  /** Gives the canvas another size; returns whether it had another one. */
  #resize(width: number, height: number): boolean {
    if (width === this.#size.width && height === this.#size.height) return false;
    this.#size = { width, height };
    for (const canvas of [this.#tint, this.#outline]) {
      canvas.width = width;
      canvas.height = height;
    }
    this.#inside = new Uint8Array(width * height);
    this.#tintImage = new ImageData(width, height);
    this.#lineImage = new ImageData(width, height);
    return true;
  }

  /** Draws the outline in dashes of the color and of white. */
  #drawOutline(area: Area | null): void {
    const image = this.#lineImage;
    if (!image) return;
    const { width } = image;
    const words = new Uint32Array(image.data.buffer);
    const white = wordOf([255, 255, 255], 255);
    for (const { edge, colored } of this.#outlines) {
      for (const i of edge) {
        const along = (i % width) + Math.floor(i / width) + this.#phase;
        words[i] = Math.floor(along / dash) % 2 === 0 ? colored : white;
      }
    }
    put(this.#outline, image, area);
  }

  /** Moves the dashes. */
  #march(): void {
    this.#loop = requestAnimationFrame((now) => {
      const phase = Math.floor(now / pace) % (2 * dash);
      if (phase !== this.#phase) {
        this.#phase = phase;
        this.#drawOutline(this.#area);
      }
      this.#march();
    });
  }
}

/** Puts an area of the image, with the outline around it, on the canvas. */
function put(canvas: HTMLCanvasElement, image: ImageData, area: Area | null): void {
  if (!area) return;
  const [left, top] = [area.x0 - 1, area.y0 - 1];
  canvas.getContext('2d')?.putImageData(image, 0, 0, left, top, area.x1 + 1 - left, area.y1 + 1 - top);
}
