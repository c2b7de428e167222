import { h, type IconName, icon } from '../dom.ts';

/** A button that shows and hides a panel. Escape and a press elsewhere hide it. */
export class Disclosure {
  readonly button: HTMLButtonElement;
  readonly element: HTMLElement;

  constructor(
    name: { readonly text: string; readonly icon: IconName; readonly isTextShown: boolean },
    private readonly panel: HTMLElement,
  ) {
    this.button = h(
      'button',
      {
        type: 'button',
        class: name.isTextShown ? 'button small' : 'tool',
        'aria-expanded': 'false',
        'aria-label': name.isTextShown ? null : name.text,
        title: name.isTextShown ? null : name.text,
        on: { click: () => this.show(panel.hidden === true) },
      },
      icon(name.icon),
      name.isTextShown ? h('span', {}, name.text) : null,
    );
    panel.hidden = true;
    this.element = h('div', { class: 'disclosure' }, this.button, panel);
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || panel.hidden) return;
      event.stopPropagation();
      this.show(false);
      this.button.focus();
    });
    document.addEventListener('pointerdown', this.#pressed);
  }

  show(isShown: boolean): void {
    this.panel.hidden = !isShown;
    this.button.setAttribute('aria-expanded', String(isShown));
  }

  destroy(): void {
    document.removeEventListener('pointerdown', this.#pressed);
  }

  readonly #pressed = ({ target }: PointerEvent): void => {
    if (!this.panel.hidden && target instanceof Node && !this.element.contains(target)) this.show(false);
  };
}
