import type { Marked } from '../boxes/BoxList.ts';
import type { Size } from '../boxes/geometry.ts';
import { h } from '../dom.ts';
import type { PhotoView } from '../zoom/PhotoView.ts';
import { colorOf } from './colors.ts';
import type { Mask } from './Mask.ts';
import { MaskCanvas } from './MaskCanvas.ts';

/** The masks of all objects, on one canvas over the photo and below the boxes. */
export class MaskLayer {
  readonly #element = h('div', { class: 'mask-layer', 'aria-hidden': 'true' });
  #canvas: MaskCanvas | null = null;
  #shown: readonly (Mask | null)[] = [];

  constructor(
    private readonly view: PhotoView,
    private readonly photo: Size,
  ) {
    view.surface.querySelector('.box-frames')?.before(this.#element);
  }

  destroy(): void {
    this.#canvas?.destroy();
    this.#element.remove();
  }

  /** Shows the masks of these objects, without the one of the object `except`. */
  show(items: readonly Marked[], except: string | null): void {
    const masks = items.map(({ id, mask }) => (id === except ? null : mask));
    if (masks.length === this.#shown.length && masks.every((mask, at) => mask === this.#shown[at])) return;
    this.#shown = masks;
    if (masks.every((mask) => mask === null)) {
      this.#canvas?.destroy();
      this.#canvas = null;
      return;
    }
    if (!this.#canvas) {
      this.#canvas = new MaskCanvas(this.view, this.photo, false);
      this.#element.append(this.#canvas.element);
    }
    this.#canvas.show(masks.flatMap((mask, at) => (mask ? [{ mask, color: colorOf(at + 1) }] : [])));
  }
}
