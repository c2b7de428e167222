import { h, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';

export interface SelectionEvents {
  all(): void;
  none(): void;
  remove(): void;
  end(): void;
}

/** What can be done with the selected jobs; it stays at the edge of the window. */
export class SelectionBar {
  readonly element: HTMLElement;
  readonly #count = h('p', { class: 'selection-count', role: 'status' });
  readonly #all: HTMLButtonElement;
  readonly #remove: HTMLButtonElement;
  #isAll = false;

  constructor(events: SelectionEvents) {
    const button = (name: string, text: string, run: () => void): HTMLButtonElement =>
      h('button', { type: 'button', class: `button small ${name}`, on: { click: run } }, text);
    this.#all = button('', '', () => (this.#isAll ? events.none() : events.all()));
    this.#remove = button('danger', '', events.remove);
    this.element = h(
      'div',
      { class: 'selection-bar', hidden: true, role: 'group', 'aria-label': texts.jobs.selection },
      this.#count,
      this.#all,
      this.#remove,
      button('quiet', texts.jobs.endSelection, events.end),
    );
  }

  /** Shows how many of the jobs are selected. */
  show(selected: number, jobs: number): void {
    this.element.hidden = false;
    this.#isAll = selected === jobs && jobs > 0;
    say(this.#count, texts.jobs.selected(selected));
    say(this.#all, this.#isAll ? texts.jobs.selectNone : texts.jobs.selectAll(jobs));
    say(this.#remove, texts.jobs.deleteSelected(selected));
    this.#all.disabled = jobs === 0;
    this.#remove.disabled = selected === 0;
  }

  hide(): void {
    this.element.hidden = true;
  }
}
