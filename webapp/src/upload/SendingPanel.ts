import { h, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import type { Sending } from './PhotoQueue.ts';

const words = texts.upload.sending;

/** Tells how far the submission of a photo is, and lets the user cancel it. */
export class SendingPanel {
  readonly element: HTMLElement;
  readonly #bar = h('progress', { max: 1, 'aria-label': words.bar });
  readonly #text = h('span');
  readonly #cancel: HTMLButtonElement;

  constructor(
    canceled: () => void,
    private readonly announce: (message: string) => void,
  ) {
    this.#cancel = h(
      'button',
      { type: 'button', class: 'button small', on: { click: canceled } },
      words.cancel,
    );
    this.element = h(
      'div',
      { class: 'sending', hidden: true },
      h('div', { class: 'sending-line' }, this.#text, this.#cancel),
      this.#bar,
    );
  }

  focus(): void {
    this.#cancel.focus({ preventScroll: true });
  }

  show(sending: Sending): void {
    const text = inWords(sending);
    const isWaiting = sending.step === 'waiting';
    if (isWaiting && this.#text.textContent !== text) this.announce(text);
    say(this.#text, text);
    this.#bar.hidden = sending.step !== 'sending';
    if (sending.step === 'sending' && sending.share > 0) this.#bar.value = sending.share;
    else this.#bar.removeAttribute('value');
  }
}

function inWords(sending: Sending): string {
  switch (sending.step) {
    case 'next':
      return words.next;
    case 'sending':
      if (sending.share <= 0) return words.preparing;
      return sending.share < 1 ? words.share(Math.floor(sending.share * 100)) : words.sent;
    case 'waiting':
      return sending.until === 'place' ? words.noPlace : words.unreachable;
    default:
      return '';
  }
}
