import { h, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import type { Box, Size } from './geometry.ts';
import { placeBox } from './place.ts';

/** What a frame displays. */
export interface Framed {
  readonly id: string;
  readonly box: Box;
  readonly label: string;
}

/** Numbered frames over a picture, at any display size. */
export class BoxFrames<T extends Framed = Framed> {
  readonly element = h('div', { class: 'box-frames' });
  readonly #frames = new Map<string, HTMLElement>();
  /** What each frame displays, with its number. */
  readonly #shown = new Map<string, { readonly item: T; readonly number: number }>();

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
      this.#shown.delete(id);
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
    const shown = this.#shown.get(item.id);
    if (shown?.item === item && shown.number === number) return;
    this.#shown.set(item.id, { item, number });
    placeBox(frame, item.box, this.size);
    if (frame.firstElementChild) say(frame.firstElementChild, String(number));
    if (frame instanceof HTMLButtonElement)
      frame.setAttribute('aria-label', texts.boxes.frame(number, item.label, item.box));
  }
}
