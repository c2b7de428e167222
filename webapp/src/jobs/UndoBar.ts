import { h, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';

export interface UndoEvents {
  undo(): void;
  /** The user is about to undo. */
  pause(): void;
  resume(): void;
}

/** Says what was deleted and offers to undo that. */
export class UndoBar {
  readonly element: HTMLElement;
  readonly #text = h('p', {});
  readonly #undo: HTMLButtonElement;

  constructor(events: UndoEvents) {
    this.#undo = h(
      'button',
      { type: 'button', class: 'button small', on: { click: () => events.undo() } },
      texts.jobs.undo,
    );
    this.element = h(
      'div',
      {
        class: 'undo-bar',
        hidden: true,
        on: {
          pointerenter: () => events.pause(),
          pointerleave: () => {
            if (!this.hasFocus) events.resume();
          },
          focusin: () => events.pause(),
          focusout: () => events.resume(),
        },
      },
      this.#text,
      this.#undo,
    );
  }

  get hasFocus(): boolean {
    return this.element.contains(document.activeElement);
  }

  show(text: string): void {
    say(this.#text, text);
    this.element.hidden = false;
  }

  focus(): void {
    this.#undo.focus();
  }

  hide(): void {
    this.element.hidden = true;
  }
}
