import { h, icon, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';

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

const modes: readonly Mode[] = ['in', 'out', 'box', 'brush', 'eraser'];

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
    const words = texts.masks;
    for (const mode of modes)
      this.#modes.set(
        mode,
        button(words.modes[mode], () => events.mode(mode), 'mask-mode'),
      );
    this.#size = h('input', {
      type: 'range',
      min: 1,
      max: 100,
      id: 'mask-size',
      on: { input: () => events.size(this.#size.valueAsNumber) },
    });
    this.#sizeField = h(
      'div',
      { class: 'mask-size' },
      h('label', { for: 'mask-size' }, words.size),
      this.#size,
    );
    this.#undo = button(words.undo, events.undo, 'quiet');
    this.#undo.prepend(icon('undo'));
    this.#redo = button(words.redo, events.redo, 'quiet');
    this.#redo.prepend(icon('redo'));
    const dim = button(words.dim, () => {
      const isDim = dim.getAttribute('aria-pressed') !== 'true';
      dim.setAttribute('aria-pressed', String(isDim));
      events.dim(isDim);
    });
    dim.setAttribute('aria-pressed', 'false');
    this.#remove = button(words.none, events.remove, 'quiet');
    this.#use = button(words.use, events.use, 'primary');
    this.element = h(
      'section',
      { class: 'mask-bar', 'aria-labelledby': 'mask-title' },
      h('h3', { id: 'mask-title' }, words.title(number)),
      h(
        'div',
        { class: 'mask-row mask-tools' },
        h('div', { class: 'mask-row', role: 'group', 'aria-label': words.tools }, ...this.#modes.values()),
        h('div', { class: 'mask-row' }, this.#undo, this.#redo, dim),
      ),
      this.#sizeField,
      h('p', { class: 'bench-hint', id: 'mask-keys' }, this.#hint, this.#touchHint),
      h('div', { class: 'mask-row' }, this.#use, button(words.cancel, events.cancel), this.#remove),
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
    const [pointer, touch] = texts.masks.hints[state.mode];
    say(this.#hint, `${pointer} ${texts.masks.keys}`);
    say(this.#touchHint, `${touch} ${texts.masks.touch}`);
    this.#sizeField.hidden = state.mode !== 'brush' && state.mode !== 'eraser';
    this.#size.value = String(state.size);
    this.#undo.disabled = !state.canUndo;
    this.#redo.disabled = !state.canRedo;
    this.#use.disabled = !state.hasMask;
  }
}
