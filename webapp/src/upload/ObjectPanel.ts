import type { BoxList, Marked } from '../boxes/BoxList.ts';
import { longestLabel } from '../boxes/BoxList.ts';
import { heightOf, widthOf } from '../boxes/geometry.ts';
import { fill, h, icon, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';

const words = texts.upload.objects;

export interface ObjectPanelEvents {
  /** The pointer or the focus is on a row. */
  chosen(id: string): void;
  /** The user wants to see and correct the mask of an object. */
  mask(id: string): void;
  /** A box was added that the user has to position with keys. */
  added(id: string): void;
  showStatus(message: string): void;
}

interface Row {
  readonly element: HTMLElement;
  readonly number: HTMLElement;
  readonly label: HTMLInputElement;
  readonly place: HTMLElement;
  readonly mask: HTMLButtonElement;
  readonly remove: HTMLButtonElement;
  /** What the row shows: an object, which never changes, and its position. */
  shown: Marked | null;
  at: number;
}

/** The list of boxes next to the photo: labels, positions, and actions that need no pointer. */
export class ObjectPanel {
  readonly element: HTMLElement;
  readonly #rows = new Map<string, Row>();
  readonly #list = h('ol', { class: 'object-list' });
  readonly #count = h('span', { class: 'count' });
  readonly #whole: HTMLElement;
  readonly #add: HTMLButtonElement;
  readonly #undo: HTMLButtonElement;
  readonly #redo: HTMLButtonElement;
  readonly #clear: HTMLButtonElement;
  readonly #stopWatching: () => void;

  constructor(
    private readonly list: BoxList,
    alpha: boolean,
    private readonly events: ObjectPanelEvents,
  ) {
    const small = 'button small';
    this.#add = h(
      'button',
      { type: 'button', class: small, on: { click: () => this.#addBox() } },
      icon('plus'),
      words.add,
    );
    this.#undo = h(
      'button',
      { type: 'button', class: `${small} quiet`, on: { click: () => list.undo() } },
      icon('undo'),
      words.undo,
    );
    this.#redo = h(
      'button',
      { type: 'button', class: `${small} quiet`, on: { click: () => list.redo() } },
      icon('redo'),
      words.redo,
    );
    this.#clear = h(
      'button',
      { type: 'button', class: `${small} quiet`, on: { click: () => list.clear() } },
      words.clear,
    );
    this.#whole = h(
      'p',
      { class: 'whole' },
      h('strong', {}, words.noBoxes),
      alpha ? words.wholeAlpha : words.whole,
    );
    this.element = h(
      'section',
      { class: 'objects', 'aria-labelledby': 'objects-title' },
      h('div', { class: 'objects-head' }, h('h2', { id: 'objects-title' }, words.title), this.#count),
      this.#whole,
      this.#list,
      h('div', { class: 'objects-actions' }, this.#add, this.#undo, this.#redo, this.#clear),
    );
    this.#stopWatching = list.watch(() => this.#show());
    this.#show();
  }

  destroy(): void {
    this.#stopWatching();
  }

  /** Highlights the row of the selected box. */
  mark(id: string | null): void {
    for (const [other, row] of this.#rows) row.element.classList.toggle('is-selected', other === id);
    const row = id === null ? null : this.#rows.get(id)?.element;
    if (!row) return;
    // Only the list scrolls: the page would move the photo under the user's finger.
    const [seen, { top, bottom }] = [this.#list.getBoundingClientRect(), row.getBoundingClientRect()];
    if (top < seen.top) this.#list.scrollTop -= seen.top - top;
    else if (bottom > seen.bottom) this.#list.scrollTop += bottom - seen.bottom;
  }

  focusMask(id: string): void {
    this.#rows.get(id)?.mask.focus();
  }

  focusLabel(id: string): void {
    this.#rows.get(id)?.label.focus();
  }

  /** Takes the focus after the focused element was removed. */
  takeFocus(): void {
    const next = [this.#add, this.#undo].find((button) => !button.disabled && !button.hidden);
    next?.focus();
  }

  #addBox(): void {
    const added = this.list.addFree();
    if (added) this.events.added(added.id);
    else this.events.showStatus(words.full(this.list.limits.maxObjects));
  }

  #show(): void {
    const { items, limits } = this.list;
    const focused = this.element.contains(document.activeElement) ? document.activeElement : null;
    for (const [id, row] of this.#rows) {
      if (this.list.get(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    items.forEach((item, at) => {
      let row = this.#rows.get(item.id);
      if (!row) {
        row = this.#makeRow(item);
        this.#rows.set(item.id, row);
      }
      if (this.#list.children[at] !== row.element)
        this.#list.insertBefore(row.element, this.#list.children[at] ?? null);
      if (row.label.value !== item.label && document.activeElement !== row.label)
        row.label.value = item.label;
      if (row.shown === item && row.at === at) return;
      row.shown = item;
      row.at = at;
      const { box } = item;
      say(row.number, String(at + 1));
      fill(
        row.place,
        h('span', {}, `${box.x0}, ${box.y0} – ${box.x1}, ${box.y1}`),
        h('span', {}, words.size(widthOf(box), heightOf(box))),
      );
      row.label.setAttribute('aria-label', words.label(at + 1));
      row.label.placeholder = words.unnamed(at + 1);
      const action = item.mask ? words.editMask : words.checkMask;
      say(row.mask, action);
      row.mask.setAttribute('aria-label', words.ofObject(action, at + 1));
      row.mask.classList.toggle('has-mask', item.mask !== null);
      row.remove.setAttribute('aria-label', words.remove(at + 1));
    });
    say(this.#count, items.length === 0 ? '' : words.count(items.length, limits.maxObjects));
    this.#whole.hidden = items.length > 0;
    this.#list.hidden = items.length === 0;
    this.#add.disabled = this.list.isFull;
    this.#undo.hidden = !this.list.canUndo;
    this.#redo.hidden = !this.list.canRedo;
    this.#clear.hidden = items.length === 0;
    if (focused && (!focused.isConnected || focused.matches('[hidden], :disabled'))) this.takeFocus();
  }

  #makeRow({ id }: Marked): Row {
    const number = h('span', { class: 'box-number', 'aria-hidden': 'true' });
    const place = h('span', { class: 'object-place' });
    const label = h('input', {
      type: 'text',
      maxlength: longestLabel,
      dir: 'auto',
      autocomplete: 'off',
      spellcheck: 'false',
      enterkeyhint: 'done',
      on: {
        input: () => this.list.label(id, label.value),
        focus: () => this.events.chosen(id),
        keydown: (event) => {
          // Enter also ends the composition of a Chinese or Japanese word.
          if (event.isComposing) return;
          if (event.key === 'Enter' || event.key === 'Escape') this.events.added(id);
        },
      },
    });
    const remove = h(
      'button',
      { type: 'button', class: 'icon-button', on: { click: () => this.#remove(id) } },
      icon('trash'),
    );
    const mask = h('button', {
      type: 'button',
      class: 'button small mask-button',
      on: { click: () => this.events.mask(id) },
    });
    const element = h(
      'li',
      { class: 'object-row', on: { click: () => this.events.chosen(id) } },
      number,
      h('div', { class: 'object-words' }, label, place, mask),
      remove,
    );
    return { element, number, label, place, mask, remove, shown: null, at: -1 };
  }

  #remove(id: string): void {
    const at = this.list.numberOf(id) - 1;
    this.list.remove(id);
    const next = this.list.items[Math.min(at, this.list.items.length - 1)];
    if (next) this.#rows.get(next.id)?.remove.focus();
    this.events.showStatus(words.removed(at + 1));
  }
}
