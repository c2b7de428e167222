import { fill, h, say } from '../dom.ts';
import { bytesInWords } from '../format.ts';
import { texts } from '../texts/texts.ts';

/**
 * The progress of one action on files, with a button that cancels it. Screen readers hear what it
 * does and its end, not every step.
 */
export class Progress {
  readonly element: HTMLElement;
  readonly #status = h('p', { role: 'status' });
  readonly #amount = h('p', { class: 'progress-amount' });
  readonly #bar = h('progress', { max: 1 });
  readonly #work: HTMLElement;
  #received = 0;
  #total = 0;

  constructor(cancel: () => void) {
    this.#work = h(
      'div',
      { class: 'progress-work', hidden: true },
      h('div', {}, this.#bar, this.#amount),
      h('button', { type: 'button', class: 'button small', on: { click: cancel } }, texts.takeaway.cancel),
    );
    this.element = h('div', { class: 'takeaway-progress' }, this.#status, this.#work);
  }

  /** Shows an action on `total` bytes. */
  start(what: string, total: number): void {
    this.#received = 0;
    this.#total = total;
    this.#bar.setAttribute('aria-label', what);
    say(this.#status, what);
    this.add(0);
    this.#work.hidden = false;
    this.element.scrollIntoView({ block: 'nearest' });
  }

  add(bytes: number): void {
    this.#received += bytes;
    this.#bar.value = this.#total > 0 ? Math.min(1, this.#received / this.#total) : 0;
    say(this.#amount, texts.takeaway.amount(bytesInWords(this.#received), bytesInWords(this.#total)));
  }

  /** Shows an action whose progress is unknown. */
  say(what: string): void {
    say(this.#status, what);
    this.#bar.removeAttribute('value');
    this.#bar.setAttribute('aria-label', what);
    fill(this.#amount);
    this.#work.hidden = false;
  }

  /** Shows how the action ended. */
  done(how: string): void {
    this.#work.hidden = true;
    say(this.#status, how);
  }

  hide(): void {
    this.done('');
  }
}
