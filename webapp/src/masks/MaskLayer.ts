import type { Marked } from '../boxes/BoxList.ts';
import type { Size } from '../boxes/geometry.ts';
import { h } from '../dom.ts';
import { colorOf } from './colors.ts';
import { bitmapOf, type Mask } from './Mask.ts';
import { MaskCanvas } from './MaskCanvas.ts';

interface Shown {
  readonly canvas: MaskCanvas;
  mask: Mask | null;
  number: number;
}

/** The masks of all objects, over the photo and below the boxes. */
export class MaskLayer {
  readonly #element = h('div', { class: 'mask-layer', 'aria-hidden': 'true' });
  readonly #shown = new Map<string, Shown>();

  constructor(
    surface: HTMLElement,
    private readonly photo: Size,
  ) {
    surface.querySelector('.box-frames')?.before(this.#element);
  }

  destroy(): void {
    for (const { canvas } of this.#shown.values()) canvas.destroy();
    this.#element.remove();
  }

  /** Shows the masks of these objects, without the one of the object `except`. */
  show(items: readonly Marked[], except: string | null): void {
    const wanted = new Set(items.filter(({ id, mask }) => mask && id !== except).map(({ id }) => id));
    for (const [id, { canvas }] of this.#shown) {
      if (wanted.has(id)) continue;
      canvas.destroy();
      this.#shown.delete(id);
    }
    items.forEach(({ id, mask }, at) => {
      if (!mask || !wanted.has(id)) return;
      let shown = this.#shown.get(id);
      if (!shown) {
        shown = { canvas: new MaskCanvas(this.photo, false), mask: null, number: 0 };
        this.#shown.set(id, shown);
        this.#element.append(shown.canvas.element);
      }
      if (shown.mask === mask && shown.number === at + 1) return;
      shown.mask = mask;
      shown.number = at + 1;
      shown.canvas.show(bitmapOf(mask), colorOf(at + 1), false);
    });
  }
}
