import { h, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import { isUnit, parseLength, rememberedSize, rememberSize, type Size, type Unit, units } from './size.ts';

let count = 0;

/** Asks for the length of a mesh's longest side. */
export class SizeField {
  readonly element: HTMLElement;
  readonly #length: HTMLInputElement;
  readonly #unit: HTMLSelectElement;
  readonly #problem: HTMLElement;

  constructor(private readonly changed: () => void) {
    count += 1;
    const id = `size-${count}`;
    const size = rememberedSize();
    const on = { input: () => this.#check() };
    this.#length = h('input', {
      type: 'text',
      id,
      inputmode: 'decimal',
      autocomplete: 'off',
      value: String(size.length),
      'aria-describedby': `${id}-hint ${id}-problem`,
      on,
    });
    this.#unit = h(
      'select',
      { 'aria-label': texts.takeaway.unit, on },
      ...(Object.keys(units) as Unit[]).map((unit) =>
        h('option', { value: unit, selected: unit === size.unit }, texts.takeaway.units[unit]),
      ),
    );
    this.#problem = h('p', { class: 'field-problem', id: `${id}-problem`, role: 'alert' });
    this.element = h(
      'div',
      { class: 'size-field' },
      h('label', { for: id }, texts.takeaway.longestSide),
      h('div', { class: 'size-inputs' }, this.#length, this.#unit),
      h('p', { class: 'hint', id: `${id}-hint` }, texts.takeaway.sizeHint),
      this.#problem,
    );
  }

  /** Returns the size and remembers it; null, with the reason shown, if there is none. */
  read(): Size | null {
    const size = this.#check();
    if (size) rememberSize(size);
    else this.#length.focus();
    return size;
  }

  #check(): Size | null {
    const length = parseLength(this.#length.value);
    const unit = this.#unit.value;
    say(this.#problem, length === null ? texts.takeaway.badSize : '');
    this.#length.toggleAttribute('aria-invalid', false);
    if (length === null) this.#length.setAttribute('aria-invalid', 'true');
    this.changed();
    return length === null || !isUnit(unit) ? null : { length, unit };
  }
}
