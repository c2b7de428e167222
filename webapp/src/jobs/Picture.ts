import { h } from '../dom.ts';

/** Number of attempts to load the same link. */
const maxTries = 3;

/**
 * A picture behind a link that is signed anew from time to time. A newly signed link leads to the
 * same picture, so it is fetched again only if it has not loaded.
 */
export class Picture {
  readonly element: HTMLElement;
  /** The link that the picture was requested with, and the outcome. */
  #url = '';
  #image: HTMLImageElement | null = null;
  #failures = 0;

  constructor(name: string) {
    this.element = h('div', { class: name, hidden: true });
  }

  show(url: string | undefined): void {
    if (!url) {
      this.#image = null;
      this.#url = '';
      this.#clear();
      return;
    }
    if (url === this.#url) {
      if (this.#image || this.#failures === maxTries) return;
    } else {
      const isShown = url.split('?')[0] === this.#url.split('?')[0] && !!this.#image?.naturalWidth;
      this.#url = url;
      this.#failures = 0;
      if (isShown) return;
    }
    const image = h('img', { src: url, alt: '', decoding: 'async' });
    this.#image = image;
    image.addEventListener('error', () => {
      if (this.#image !== image) return;
      this.#image = null;
      this.#failures += 1;
      this.#clear();
    });
    this.element.replaceChildren(image);
    this.element.hidden = false;
  }

  #clear(): void {
    this.element.replaceChildren();
    this.element.hidden = true;
  }
}
