import { h, icon, say } from '../dom.ts';

/** What a press on the photo does. */
export type Mode = 'in' | 'out' | 'box' | 'brush' | 'eraser';

export interface MaskBarEvents {
  mode(mode: Mode): void;
  size(size: number): void;
  undo(): void;
  redo(): void;
  dim(isDim: boolean): void;
  /** The user keeps the mask, goes back to what was there, or lets the model find the mask. */
  use(): void;
  cancel(): void;
  remove(): void;
}

const modes: readonly (readonly [Mode, string])[] = [
  ['in', '+ Point in'],
  ['out', '− Point out'],
  ['box', 'Box'],
  ['brush', 'Brush'],
  ['eraser', 'Eraser'],
];

const hints: Readonly<Record<Mode, readonly [string, string]>> = {
  in: ['Click what belongs to the object; Alt + click what does not.', 'Tap what belongs to the object.'],
  out: [
    'Click what does not belong to the object; Alt + click what does.',
    'Tap what does not belong to the object.',
  ],
  box: ['Drag a box around the object.', 'Draw a box around the object.'],
  brush: ['Paint what belongs to the object.', 'Paint what belongs to the object.'],
  eraser: [
    'Paint away what does not belong to the object.',
    'Paint away what does not belong to the object.',
  ],
};

const keyHint =
  'Keys: arrows move the crosshair (Shift: farther, Alt: by one pixel), Enter uses the tool, Shift + Enter its opposite.';

/** The buttons of the mask tool. */
export class MaskBar {
  readonly element: HTMLElement;
  readonly #modes = new Map<Mode, HTMLButtonElement>();
  readonly #hint = h('span', { class: 'pointer-only' });
  readonly #touchHint = h('span', { class: 'touch-only' });
  readonly #size: HTMLInputElement;
  readonly #sizeField: HTMLElement;
  readonly #undo: HTMLButtonElement;
  readonly #redo: HTMLButtonElement;
  readonly #use: HTMLButtonElement;
  readonly #remove: HTMLButtonElement;

  constructor(number: number, events: MaskBarEvents) {
    const button = (name: string, run: () => void, kind = ''): HTMLButtonElement =>
      h('button', { type: 'button', class: `button small ${kind}`, on: { click: run } }, name);
    for (const [mode, name] of modes)
      this.#modes.set(
        mode,
        button(name, () => events.mode(mode), 'mask-mode'),
      );
    this.#size = h('input', {
      type: 'range',
      min: 1,
      max: 100,
      id: 'mask-size',
      on: { input: () => events.size(this.#size.valueAsNumber) },
    });
    this.#sizeField = h('div', { class: 'mask-size' }, h('label', { for: 'mask-size' }, 'Size'), this.#size);
    this.#undo = button('Undo', events.undo, 'quiet');
    this.#undo.prepend(icon('undo'));
    this.#redo = button('Redo', events.redo, 'quiet');
    this.#redo.prepend(icon('redo'));
    const dim = button('Dim the rest', () => {
      const isDim = dim.getAttribute('aria-pressed') !== 'true';
      dim.setAttribute('aria-pressed', String(isDim));
      events.dim(isDim);
    });
    dim.setAttribute('aria-pressed', 'false');
    this.#remove = button('No mask', events.remove, 'quiet');
    this.#use = button('Use this mask', events.use, 'primary');
    this.element = h(
      'section',
      { class: 'mask-bar', 'aria-labelledby': 'mask-title' },
      h('h3', { id: 'mask-title' }, `Mask of object ${number}`),
      h(
        'div',
        { class: 'mask-row mask-tools' },
        h('div', { class: 'mask-row', role: 'group', 'aria-label': 'Tool' }, ...this.#modes.values()),
        h('div', { class: 'mask-row' }, this.#undo, this.#redo, dim),
      ),
      this.#sizeField,
      h('p', { class: 'bench-hint', id: 'mask-keys' }, this.#hint, this.#touchHint),
      h('div', { class: 'mask-row' }, this.#use, button('Cancel', events.cancel), this.#remove),
    );
  }

  show(state: {
    readonly mode: Mode;
    readonly size: number;
    readonly canUndo: boolean;
    readonly canRedo: boolean;
    readonly hasMask: boolean;
  }): void {
    for (const [mode, button] of this.#modes)
      button.setAttribute('aria-pressed', String(mode === state.mode));
    const [pointer, touch] = hints[state.mode];
    say(this.#hint, `${pointer} ${keyHint}`);
    say(this.#touchHint, touch);
    this.#sizeField.hidden = state.mode !== 'brush' && state.mode !== 'eraser';
    this.#size.value = String(state.size);
    this.#undo.disabled = !state.canUndo;
    this.#redo.disabled = !state.canRedo;
    this.#use.disabled = !state.hasMask;
  }
}
