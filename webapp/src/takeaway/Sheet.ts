import { h, icon, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';

let count = 0;

/** A modal dialog with a title and a button that closes it. Escape and the backdrop close it too. */
export class Sheet {
  readonly element: HTMLDialogElement;
  readonly #title: HTMLElement;

  constructor(
    body: HTMLElement,
    /** While it returns true, only the button and a second Escape close the dialog. */
    isBusy: () => boolean,
    closed: () => void,
  ) {
    count += 1;
    const id = `sheet-title-${count}`;
    this.#title = h('h2', { id });
    this.element = h(
      'dialog',
      { class: 'sheet', 'aria-labelledby': id },
      h(
        'div',
        { class: 'sheet-head' },
        this.#title,
        h(
          'button',
          {
            type: 'button',
            class: 'icon-button sheet-close',
            'aria-label': texts.takeaway.close,
            on: { click: () => this.close() },
          },
          icon('close'),
        ),
      ),
      body,
    );
    this.element.addEventListener('click', (event) => {
      if (event.target === this.element && !isBusy()) this.close();
    });
    this.element.addEventListener('cancel', (event) => {
      if (isBusy()) event.preventDefault();
    });
    this.element.addEventListener('close', closed);
  }

  set title(text: string) {
    say(this.#title, text);
  }

  open(): void {
    if (!this.element.open) this.element.showModal();
  }

  close(): void {
    this.element.close();
  }

  dispose(): void {
    this.element.close();
    this.element.remove();
  }
}
