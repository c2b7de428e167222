import type { JobRequest } from '../api.ts';
import { h, say } from '../dom.ts';
import { type FileFormat, formats } from '../formats.ts';
import type { OptionsDraft } from './drafts.ts';

const largestSeed = 4294967295;

/** The options, which most users leave at their defaults. */
export class OptionsPanel {
  readonly element: HTMLElement;
  readonly #seed: HTMLInputElement;
  readonly #boxes: ReadonlyMap<FileFormat, HTMLInputElement>;
  readonly #problem = h('p', { class: 'field-problem', id: 'options-problem', role: 'alert' });

  constructor(start: OptionsDraft | null, changed: () => void) {
    const on = { input: changed };
    this.#seed = h('input', {
      type: 'text',
      id: 'seed',
      inputmode: 'numeric',
      value: start?.seed ?? '0',
      autocomplete: 'off',
      'aria-describedby': 'seed-hint options-problem',
      on,
    });
    this.#boxes = new Map(
      formats.map(({ format, default: made }) => [
        format,
        h('input', {
          type: 'checkbox',
          id: `format-${format}`,
          checked: start?.formats.includes(format) ?? made,
          on,
        }),
      ]),
    );
    this.element = h(
      'details',
      { class: 'options' },
      h('summary', {}, 'Options'),
      h(
        'div',
        { class: 'options-body' },
        h(
          'fieldset',
          {},
          h('legend', {}, 'Files'),
          ...formats.map(({ format, title, content, use }) =>
            h(
              'label',
              { class: 'check', for: `format-${format}` },
              this.#boxes.get(format),
              h('span', {}, h('strong', {}, title), ` ${content}, ${use}`),
            ),
          ),
        ),
        h(
          'div',
          { class: 'field' },
          h('label', { for: 'seed' }, 'Seed'),
          this.#seed,
          h('p', { class: 'hint', id: 'seed-hint' }, 'The same photo, box and seed give the same mesh.'),
        ),
        this.#problem,
      ),
    );
  }

  /** The values of the fields, valid or not. */
  get draft(): OptionsDraft {
    return { seed: this.#seed.value, formats: this.#chosen };
  }

  get #chosen(): FileFormat[] {
    return formats.map(({ format }) => format).filter((format) => this.#boxes.get(format)?.checked);
  }

  /** Returns the options, or null after showing what is wrong with them. */
  read(): NonNullable<JobRequest['options']> | null {
    const chosen = this.#chosen;
    const text = this.#seed.value.trim() || '0';
    const seed = Number(text);
    const valid = /^\d{1,10}$/.test(text) && seed <= largestSeed;
    this.#seed.setAttribute('aria-invalid', String(!valid));
    if (!valid) return this.#refuse(`The seed must be a whole number from 0 to ${largestSeed}.`, this.#seed);
    if (chosen.length === 0) return this.#refuse('Choose at least one kind of file.', this.#boxes.get('glb'));
    say(this.#problem, '');
    return { seed, formats: chosen };
  }

  #refuse(message: string, at: HTMLElement | undefined): null {
    this.element.setAttribute('open', '');
    say(this.#problem, message);
    at?.focus();
    return null;
  }
}
