import { h } from '../dom.ts';

/** A row of radio buttons, of which one is on. */
export class Choice<T extends string> {
  readonly element: HTMLFieldSetElement;
  readonly #inputs = new Map<T, HTMLInputElement>();

  constructor(
    legend: string,
    names: Readonly<Record<T, string>>,
    chosen: T,
    choose: (value: T) => void,
    isLegendShown = true,
  ) {
    this.element = h(
      'fieldset',
      { class: 'choice' },
      h('legend', { class: isLegendShown ? '' : 'visually-hidden' }, legend),
    );
    const group = `choice-${legend.toLowerCase()}`;
    const row = h('div', { class: 'choice-row' });
    for (const [value, name] of Object.entries(names) as [T, string][]) {
      const input = h('input', {
        type: 'radio',
        name: group,
        value,
        checked: value === chosen,
        on: { change: () => choose(value) },
      });
      this.#inputs.set(value, input);
      row.append(h('label', { class: 'choice-one' }, input, h('span', {}, name)));
    }
    this.element.append(row);
  }

  set value(value: T) {
    const input = this.#inputs.get(value);
    if (input) input.checked = true;
  }

  /** Shows only these values. */
  offer(values: readonly T[]): void {
    for (const [value, input] of this.#inputs) {
      const label = input.closest('label');
      if (label) label.hidden = !values.includes(value);
    }
  }
}
