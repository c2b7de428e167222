import { h, say } from '../dom.ts';
import { type Box, heightOf, inPercent, type Size, widthOf } from './geometry.ts';

/** What a frame displays. */
export interface Framed {
  readonly id: string;
  readonly box: Box;
  readonly label: string;
}

/** Describes a box: its position and size. */
export const describeBox = (box: Box): string =>
  `${widthOf(box)} × ${heightOf(box)} pixels at ${box.x0}, ${box.y0}`;

/** Numbered frames over a picture, at any display size. */
export class BoxFrames<T extends Framed = Framed> {
  readonly element = h('div', { class: 'box-frames' });
  readonly #frames = new Map<string, HTMLElement>();

  constructor(
    private readonly size: Size,
    /** Creates the element of one frame: a button where boxes can be edited. */
    private readonly make: (item: T) => HTMLElement = () => h('span'),
  ) {}

  get(id: string): HTMLElement | undefined {
    return this.#frames.get(id);
  }

  /** Shows exactly these boxes, numbered in order; elements that remain keep the focus. */
  show(items: readonly T[]): void {
    for (const [id, frame] of this.#frames) {
      if (items.some((item) => item.id === id)) continue;
      frame.remove();
      this.#frames.delete(id);
    }
    items.forEach((item, at) => {
      let frame = this.#frames.get(item.id);
      if (!frame) {
        frame = this.make(item);
        frame.classList.add('box-frame');
        frame.append(h('span', { class: 'box-number', 'aria-hidden': 'true' }));
        this.#frames.set(item.id, frame);
      }
      if (this.element.children[at] !== frame)
        this.element.insertBefore(frame, this.element.children[at] ?? null);
      this.#updateFrame(frame, item, at + 1);
    });
  }

  /** Highlights one frame, or none. */
  mark(id: string | null): void {
    for (const [other, frame] of this.#frames) frame.classList.toggle('is-selected', other === id);
  }

  #updateFrame(frame: HTMLElement, item: T, number: number): void {
    const { left, top, width, height } = inPercent(item.box, this.size);
    frame.style.left = `${left}%`;
    frame.style.top = `${top}%`;
    frame.style.width = `${width}%`;
    frame.style.height = `${height}%`;
    if (frame.firstElementChild) say(frame.firstElementChild, String(number));
    if (frame instanceof HTMLButtonElement) {
      frame.setAttribute(
        'aria-label',
        `Object ${number}${item.label ? `, ${item.label}` : ''}: ${describeBox(item.box)}`,
      );
    }
  }
}
