import { h } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import type { Overlays } from './PhotoView.ts';

/** The switches of what the photo is overlaid with. */
export class PhotoOverlays {
  readonly element = h(
    'div',
    { class: 'photo-overlays' },
    h('p', { class: 'photo-hint' }, texts.job.photoHint),
  );
  #overlays: Overlays = { boxes: true, masks: true };

  constructor(private readonly changed: (overlays: Overlays) => void) {
    this.element.append(
      this.#toggle('masks', texts.job.showMasks),
      this.#toggle('boxes', texts.job.showBoxes),
    );
  }

  get overlays(): Overlays {
    return this.#overlays;
  }

  #toggle(what: keyof Overlays, name: string): HTMLElement {
    const button = h('button', { type: 'button', class: 'button small', 'aria-pressed': 'true' }, name);
    button.addEventListener('click', () => {
      this.#overlays = { ...this.#overlays, [what]: !this.#overlays[what] };
      button.setAttribute('aria-pressed', String(this.#overlays[what]));
      this.changed(this.#overlays);
    });
    return button;
  }
}
