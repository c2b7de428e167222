import { h, say } from '../dom.ts';
import { type FileFormat, formats } from '../formats.ts';
import { facesRange, type Quality, qualities, qualityInfo } from '../qualities.ts';
import { texts } from '../texts/texts.ts';
import { defaultOptions, type OptionsDraft, type OptionsProblem } from './options.ts';

const words = texts.upload.options;

/** The fields of the options, which most users leave at their defaults. */
export class OptionsPanel {
  readonly element: HTMLElement;
  readonly #quality: HTMLSelectElement;
  readonly #cost = h('p', { class: 'hint', id: 'quality-cost' });
  readonly #faces: HTMLInputElement;
  readonly #seed: HTMLInputElement;
  readonly #boxes: ReadonlyMap<FileFormat, HTMLInputElement>;
  readonly #problem = h('p', { class: 'field-problem', id: 'options-problem', role: 'alert' });

  constructor(start: OptionsDraft = defaultOptions, changed: () => void) {
    const on = { input: changed };
    const first = qualityInfo(start.quality ?? '');
    this.#quality = h(
      'select',
      {
        id: 'quality',
        'aria-describedby': 'quality-cost',
        on: {
          input: () => {
            this.#describe();
            changed();
          },
        },
      },
      ...qualities.map(({ quality, title }) =>
        h('option', { value: quality, selected: quality === first.quality }, title),
      ),
    );
    this.#faces = numberField('faces', start.faces ?? '', on);
    this.#seed = numberField('seed', start.seed, on);
    this.#boxes = new Map(
      formats.map(({ format }) => [
        format,
        h('input', {
          type: 'checkbox',
          id: `format-${format}`,
          checked: start.formats.includes(format),
          on,
        }),
      ]),
    );
    this.element = h(
      'details',
      { class: 'options' },
      h('summary', {}, words.title),
      h(
        'div',
        { class: 'options-body' },
        h(
          'div',
          { class: 'field' },
          h('label', { for: 'quality' }, words.quality),
          this.#quality,
          this.#cost,
        ),
        h(
          'fieldset',
          {},
          h('legend', {}, words.files),
          ...formats.map(({ format, title, content, use }) =>
            h(
              'label',
              { class: 'check', for: `format-${format}` },
              this.#boxes.get(format),
              h('span', {}, h('strong', {}, title), ` ${content}, ${use}`),
            ),
          ),
        ),
        labeled(this.#faces, words.faces, words.facesHint(facesRange.least, facesRange.most)),
        labeled(this.#seed, words.seed, words.seedHint),
        this.#problem,
      ),
    );
    this.#describe();
  }

  /** Shows what the chosen quality costs, and its number of triangles in the empty field. */
  #describe(): void {
    const { cost, faces } = qualityInfo(this.#chosenQuality);
    say(this.#cost, `${cost.charAt(0).toUpperCase()}${cost.slice(1)}.`);
    this.#faces.placeholder = faces.toLocaleString('en');
  }

  get #chosenQuality(): Quality {
    return qualityInfo(this.#quality.value).quality;
  }

  /** The values of the fields, valid or not. */
  get draft(): OptionsDraft {
    return {
      seed: this.#seed.value,
      formats: formats.map(({ format }) => format).filter((format) => this.#boxes.get(format)?.checked),
      quality: this.#chosenQuality,
      faces: this.#faces.value,
    };
  }

  /** Shows what is wrong with a field and focuses it; null clears it. */
  showProblem(wrong: OptionsProblem | null): void {
    this.#faces.setAttribute('aria-invalid', String(wrong?.field === 'faces'));
    this.#seed.setAttribute('aria-invalid', String(wrong?.field === 'seed'));
    if (wrong) this.element.setAttribute('open', '');
    say(this.#problem, wrong?.problem ?? '');
    if (wrong?.field === 'formats') this.#boxes.get('glb')?.focus();
    else if (wrong) (wrong.field === 'faces' ? this.#faces : this.#seed).focus();
  }
}

const numberField = (id: string, value: string, on: { input: () => void }): HTMLInputElement =>
  h('input', {
    type: 'text',
    id,
    inputmode: 'numeric',
    value,
    autocomplete: 'off',
    'aria-describedby': `${id}-hint options-problem`,
    on,
  });

const labeled = (field: HTMLElement, label: string, hint: string): HTMLElement =>
  h(
    'div',
    { class: 'field' },
    h('label', { for: field.id }, label),
    field,
    h('p', { class: 'hint', id: `${field.id}-hint` }, hint),
  );
