import type { JobRequest } from '../api.ts';
import { h, say } from '../dom.ts';
import { type FileFormat, formats } from '../formats.ts';
import { defaultQuality, facesRange, type Quality, qualities, qualityInfo } from '../qualities.ts';
import type { OptionsDraft } from './drafts.ts';

const largestSeed = 4294967295;
const [fewestFaces, mostFaces] = [facesRange.least, facesRange.most].map((n) => n.toLocaleString('en'));

/** The options, which most users leave at their defaults. */
export class OptionsPanel {
  readonly element: HTMLElement;
  readonly #quality: HTMLSelectElement;
  readonly #cost = h('p', { class: 'hint', id: 'quality-cost' });
  readonly #faces: HTMLInputElement;
  readonly #seed: HTMLInputElement;
  readonly #boxes: ReadonlyMap<FileFormat, HTMLInputElement>;
  readonly #problem = h('p', { class: 'field-problem', id: 'options-problem', role: 'alert' });

  constructor(start: OptionsDraft | null, changed: () => void) {
    const on = { input: changed };
    const first = qualityInfo(start?.quality ?? defaultQuality);
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
    this.#faces = h('input', {
      type: 'text',
      id: 'faces',
      inputmode: 'numeric',
      value: start?.faces ?? '',
      autocomplete: 'off',
      'aria-describedby': 'faces-hint options-problem',
      on,
    });
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
        h('div', { class: 'field' }, h('label', { for: 'quality' }, 'Quality'), this.#quality, this.#cost),
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
          h('label', { for: 'faces' }, 'Triangles'),
          this.#faces,
          h(
            'p',
            { class: 'hint', id: 'faces-hint' },
            `About how many the textured mesh has, from ${fewestFaces} to ${mostFaces}.`,
          ),
        ),
        h(
          'div',
          { class: 'field' },
          h('label', { for: 'seed' }, 'Seed'),
          this.#seed,
          h(
            'p',
            { class: 'hint', id: 'seed-hint' },
            'The same photo, box, quality and seed give the same mesh.',
          ),
        ),
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
      formats: this.#chosen,
      quality: this.#chosenQuality,
      faces: this.#faces.value,
    };
  }

  get #chosen(): FileFormat[] {
    return formats.map(({ format }) => format).filter((format) => this.#boxes.get(format)?.checked);
  }

  /** Returns the options, or null after showing what is wrong with them. */
  read(): NonNullable<JobRequest['options']> | null {
    const chosen = this.#chosen;
    const faces = this.#faces.value.trim().replaceAll(',', '');
    const inRange =
      faces === '' ||
      (/^\d{1,6}$/.test(faces) && Number(faces) >= facesRange.least && Number(faces) <= facesRange.most);
    this.#faces.setAttribute('aria-invalid', String(!inRange));
    if (!inRange)
      return this.#refuse(
        `The number of triangles must be a whole number from ${fewestFaces} to ${mostFaces}, or empty.`,
        this.#faces,
      );
    const text = this.#seed.value.trim() || '0';
    const seed = Number(text);
    const valid = /^\d{1,10}$/.test(text) && seed <= largestSeed;
    this.#seed.setAttribute('aria-invalid', String(!valid));
    if (!valid) return this.#refuse(`The seed must be a whole number from 0 to ${largestSeed}.`, this.#seed);
    if (chosen.length === 0) return this.#refuse('Choose at least one kind of file.', this.#boxes.get('glb'));
    say(this.#problem, '');
    return {
      seed,
      formats: chosen,
      quality: this.#chosenQuality,
      ...(faces === '' ? {} : { faces: Number(faces) }),
    };
  }

  #refuse(message: string, at: HTMLElement | undefined): null {
    this.element.setAttribute('open', '');
    say(this.#problem, message);
    at?.focus();
    return null;
  }
}
