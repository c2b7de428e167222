import { h, icon } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import { type Search, type StateGroup, stateGroups } from './search.ts';

/** The fields that narrow the list, and the button that begins a selection. */
export class SearchBar {
  readonly element: HTMLElement;
  readonly #words: HTMLInputElement;
  readonly #states: HTMLSelectElement;
  readonly #select: HTMLButtonElement;

  constructor(
    search: Search,
    private readonly changed: (search: Search) => void,
    select: (isOn: boolean) => void,
  ) {
    this.#words = h('input', {
      type: 'search',
      placeholder: texts.jobs.searchHint,
      'aria-label': texts.jobs.search,
      autocomplete: 'off',
      spellcheck: 'false',
      on: { input: () => this.#tell() },
    });
    this.#words.value = search.words;
    this.#states = h(
      'select',
      { 'aria-label': texts.jobs.filter, on: { change: () => this.#tell() } },
      ...stateGroups.map((group) => h('option', { value: group }, texts.jobs.groups[group])),
    );
    this.#states.value = search.states;
    this.#select = h(
      'button',
      {
        type: 'button',
        class: 'button small',
        'aria-pressed': 'false',
        on: { click: () => select(this.#select.getAttribute('aria-pressed') !== 'true') },
      },
      texts.jobs.select,
    );
    this.element = h(
      'search',
      { class: 'jobs-search' },
      h('div', { class: 'jobs-words' }, icon('search'), this.#words),
      this.#states,
      this.#select,
    );
  }

  showSelecting(isOn: boolean): void {
    this.#select.setAttribute('aria-pressed', String(isOn));
  }

  focusSelect(): void {
    this.#select.focus();
  }

  clear(): void {
    this.#words.value = '';
    this.#states.value = 'all';
    this.#words.focus();
    this.#tell();
  }

  #tell(): void {
    this.changed({ words: this.#words.value, states: this.#states.value as StateGroup });
  }
}
