import { h, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import type { PhotoView } from './PhotoView.ts';

/** The buttons that zoom a photo. */
export class ZoomBar {
  readonly element: HTMLElement;
  readonly #level = h('output', { class: 'zoom-level' });
  readonly #fit: HTMLButtonElement;
  readonly #hand: HTMLButtonElement;
  readonly #in: HTMLButtonElement;
  readonly #stopWatching: () => void;

  constructor(private readonly view: PhotoView) {
    const words = texts.boxes.zoom;
    const button = (name: string, run: () => void, sign = name): HTMLButtonElement =>
      h(
        'button',
        {
          type: 'button',
          class: 'button small',
          'aria-label': sign === name ? null : name,
          on: { click: run },
        },
        sign,
      );
    this.#in = button(words.in, () => view.zoomIn(), '+');
    this.#fit = button(words.fit, () => view.fit());
    this.#hand = button(words.move, () => {
      view.isHand = !view.isHand;
    });
    this.element = h(
      'div',
      {
        class: 'zoom-bar',
        role: 'group',
        'aria-label': words.title,
        on: {
          keydown: (event) => {
            if (view.pressed(event)) event.preventDefault();
          },
        },
      },
      button(words.out, () => view.zoomOut(), '−'),
      this.#level,
      this.#in,
      this.#fit,
      this.#hand,
    );
    this.#stopWatching = view.watch(() => this.#show());
    this.#show();
  }

  destroy(): void {
    this.#stopWatching();
  }

  #show(): void {
    const { isZoomed, level, isHand } = this.view;
    say(this.#level, texts.boxes.zoom.level(level));
    this.#hand.setAttribute('aria-pressed', String(isHand));
    for (const button of [this.#fit, this.#hand]) {
      if (!isZoomed && button === document.activeElement) this.#in.focus();
      button.hidden = !isZoomed;
    }
  }
}
