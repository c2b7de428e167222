import '@annotorious/annotorious/annotorious.css';
import {
  createImageAnnotator,
  type ImageAnnotation,
  type ImageAnnotator,
  type Rectangle,
  ShapeType,
} from '@annotorious/annotorious';
import { h } from '../dom.ts';
import type { BoxList, Marked } from './BoxList.ts';
import { BoxFrames, describeBox } from './BoxFrames.ts';
import {
  type Box,
  between,
  heightOf,
  isTooSmall,
  moveBy,
  resizeBy,
  sameBox,
  settle,
  smallestAt,
  widthOf,
} from './geometry.ts';
import { commandFor, historyStepFor } from './keys.ts';
import { adaptPointer } from './pointer.ts';

type Store = ImageAnnotator['state']['store'];
type Origin = NonNullable<Parameters<Store['addAnnotation']>[1]>;
type StoreChange = Parameters<Parameters<Store['observe']>[0]>[0];

/** What subscribers of Annotorious's selection receive. */
interface Selection {
  readonly selected: readonly { readonly id: string }[];
}

/** Marks changes made by the list, so that they are not handled as the user's. */
const fromList = 'REMOTE' as Origin;

export interface BoxEditorEvents {
  /** A box was selected, or none (null). */
  selected(id: string | null): void;
  /** The user wants to edit the label of a box. */
  label(id: string): void;
  /** Shows a message to the user. */
  showStatus(message: string): void;
  /** The focused box was removed, and no other box takes the focus. */
  lost(): void;
}

/**
 * Draws a list's boxes over a photo and lets the user draw, move and resize them: with a pointer
 * through Annotorious, with the keyboard through focusable frames.
 */
export class BoxEditor {
  readonly #annotator: ImageAnnotator;
  readonly #frames: BoxFrames<Marked>;
  readonly #cleanups: (() => void)[] = [];
  #selected: string | null = null;
  /** The last drawn box, until Annotorious has selected it. */
  #drawn: string | null = null;
  /** Whether the current gesture has already changed a box. */
  #dragging = false;

  constructor(
    image: HTMLImageElement,
    private readonly list: BoxList,
    private readonly events: BoxEditorEvents,
  ) {
    this.#annotator = createImageAnnotator(image, { drawingEnabled: true, drawingMode: 'drag' });
    const surface = this.#annotator.element;
    surface.classList.add('box-surface');
    this.#frames = new BoxFrames(list.size, (marked) => this.#frameButton(marked));
    // Below the layer, so that no frame covers the handles of another box.
    surface.querySelector('.a9s-annotationlayer')?.before(this.#frames.element);

    const changed = (change: StoreChange): void => this.#userChanged(change);
    this.#annotator.state.store.observe(changed, { origin: 'LOCAL' as Origin });
    // Not on Annotorious's selectionChanged: a timer fires it, on a busy machine after the next
    // press.
    const unsubscribe = this.#annotator.state.selection.subscribe(({ selected }: Selection) =>
      this.#chosen(selected[0]?.id ?? null),
    );

    this.#cleanups.push(
      list.watch(() => this.#show()),
      adaptPointer(this.#annotator, (x, y, around) => this.#clicked(x, y, around)),
      this.#ownHistory(),
      this.#ownEscape(),
      this.#endGestures(surface),
      () => this.#annotator.state.store.unobserve(changed),
      unsubscribe,
    );
    this.#show();
  }

  destroy(): void {
    for (const cleanup of this.#cleanups) cleanup();
    this.#frames.element.remove();
    this.#annotator.destroy();
  }

  get selected(): string | null {
    return this.#selected;
  }

  /** Selects a box, or none; with `focus` it also takes the keyboard focus. */
  select(id: string | null, focus = false): void {
    if (id !== this.#selected) {
      if (id === null) this.#annotator.setSelected();
      else this.#annotator.setSelected(id, true);
      this.#setSelected(id);
    }
    if (id !== null && focus) this.#frames.get(id)?.focus({ preventScroll: false });
  }

  /**
   * Annotorious selects a box once it is drawn. It is deselected here, so that the next drag draws
   * again, inside that box too; a click selects it.
   */
  #chosen(id: string | null): void {
    if (id !== null && id === this.#drawn) queueMicrotask(() => this.#annotator.setSelected());
    else this.#setSelected(id);
    if (id !== null) this.#drawn = null;
  }

  /** A click selects the smallest box at its position; one outside all boxes deselects. */
  #clicked(x: number, y: number, around: number): void {
    this.select(smallestAt(this.list.items, x, y, around)?.id ?? null);
  }

  #setSelected(id: string | null): void {
    if (id === this.#selected) return;
    this.#selected = id;
    this.#frames.mark(id);
    this.events.selected(id);
  }

  #frameButton(marked: Marked): HTMLElement {
    const { id } = marked;
    return h('button', {
      type: 'button',
      'aria-describedby': 'box-keys',
      on: {
        focus: () => this.select(id),
        keydown: (event) => this.#pressed(event, id),
      },
    });
  }

  #pressed(event: KeyboardEvent, id: string): void {
    const { size, limits } = this.list;
    const command = commandFor(event, Math.max(size.width, size.height) / 100);
    const item = this.list.get(id);
    if (!command || !item) return;
    event.preventDefault();
    switch (command.kind) {
      case 'move':
        this.#steer(item, moveBy(item.box, command.dx, command.dy, size), event.repeat);
        break;
      case 'resize':
        this.#steer(item, resizeBy(item.box, command.dx, command.dy, size, limits.minBox), event.repeat);
        break;
      case 'remove':
        this.#removeFocused(id);
        break;
      case 'label':
        this.events.label(id);
        break;
      case 'leave':
        this.select(null);
        this.#frames.get(id)?.blur();
        break;
    }
  }

  #steer(item: Marked, box: Box, again: boolean): void {
    this.list.place(item.id, box, again);
    this.events.showStatus(`Object ${this.list.numberOf(item.id)}: ${describeBox(box)}.`);
  }

  /** Removes the focused box and moves the focus to the next one. */
  #removeFocused(id: string): void {
    const at = this.list.numberOf(id) - 1;
    this.list.remove(id);
    const next = this.list.items[Math.min(at, this.list.items.length - 1)];
    if (next) this.select(next.id, true);
    this.events.showStatus(`Box deleted. ${this.list.items.length} left.`);
  }

  /** Renders the boxes of the list. */
  #show(): void {
    const { store } = this.#annotator.state;
    const hadFocus = this.#frames.element.contains(document.activeElement);
    for (const shown of store.all()) {
      if (!this.list.get(shown.id)) store.deleteAnnotation(shown.id, fromList);
    }
    for (const item of this.list.items) {
      const shown = store.getAnnotation(item.id);
      if (!shown) store.addAnnotation(annotationOf(item), fromList);
      else if (!this.#dragging && !isExactly(shown, item.box))
        store.updateTarget(annotationOf(item).target, fromList);
    }
    if (this.#selected !== null && !this.list.get(this.#selected)) this.select(null);
    this.#annotator.setDrawingEnabled(!this.list.isFull);
    this.#frames.show(this.list.items);
    this.#frames.mark(this.#selected);
    if (hadFocus && !this.#frames.element.contains(document.activeElement)) this.events.lost();
  }

  /** Stores what the user drew or dragged in the list. */
  #userChanged({ changes }: StoreChange): void {
    for (const drawn of changes.created ?? []) {
      if (this.list.get(drawn.id)) continue;
      const box = boxOf(drawn, this.list);
      // Annotorious selects a drawn box right after this event; only then can it be removed.
      if (!box || isTooSmall(box, this.list.limits.minBox) || !this.list.add(box, '', drawn.id)) {
        queueMicrotask(() => this.#discard(drawn.id));
      } else {
        this.#drawn = drawn.id;
        this.events.showStatus(`Box ${this.list.numberOf(drawn.id)} drawn: ${describeBox(box)}.`);
      }
    }
    for (const { newValue: dragged } of changes.updated ?? []) {
      const item = this.list.get(dragged.id);
      const raw = rectangleOf(dragged);
      if (!item || !raw) continue;
      const again = this.#dragging;
      this.#dragging = true;
      this.list.place(item.id, settle(raw, item.box, this.list.size, this.list.limits.minBox), again);
    }
    for (const deleted of changes.deleted ?? []) this.list.remove(deleted.id);
  }

  #discard(id: string): void {
    this.#annotator.state.store.deleteAnnotation(id, fromList);
    this.select(null);
    const { maxObjects, minBox } = this.list.limits;
    this.events.showStatus(
      this.list.isFull
        ? `A photo takes at most ${maxObjects} boxes. Delete one to draw another.`
        : `That box is too small; each side needs at least ${minBox} pixels of the photo.`,
    );
  }

  /**
   * Undo and redo act on the list, which records every change; Annotorious, which listens on the
   * document, would record pointer gestures only. In a text field the browser handles the keys.
   */
  #ownHistory(): () => void {
    const pressed = (event: KeyboardEvent): void => {
      const step = historyStepFor(event);
      if (!step) return;
      event.stopPropagation();
      if (event.target instanceof HTMLInputElement && event.target.type === 'text') return;
      event.preventDefault();
      // Boxes cannot change while the photo is sent.
      if (!this.#annotator.element.closest('[inert]')) this.list[step]();
    };
    window.addEventListener('keydown', pressed, true);
    return () => window.removeEventListener('keydown', pressed, true);
  }

  /** Escape deselects the box, wherever the focus is except in a text field. */
  #ownEscape(): () => void {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !(event.target instanceof HTMLInputElement)) this.select(null);
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }

  /** After a drag, moves the drawn shape to the position that the list has for the box. */
  #endGestures(surface: HTMLElement): () => void {
    const ended = (): void => {
      if (!this.#dragging) return;
      this.#dragging = false;
      this.#show();
      const item = this.#selected === null ? undefined : this.list.get(this.#selected);
      if (item) this.events.showStatus(`Object ${this.list.numberOf(item.id)}: ${describeBox(item.box)}.`);
    };
    surface.addEventListener('pointerup', ended);
    surface.addEventListener('pointercancel', ended);
    return () => {
      surface.removeEventListener('pointerup', ended);
      surface.removeEventListener('pointercancel', ended);
    };
  }
}

function rectangleOf(annotation: ImageAnnotation): Box | null {
  const { selector } = annotation.target;
  if (selector.type !== ShapeType.RECTANGLE) return null;
  const { x, y, w, h: tall } = (selector as Rectangle).geometry;
  return { x0: x, y0: y, x1: x + w, y1: y + tall };
}

function boxOf(annotation: ImageAnnotation, list: BoxList): Box | null {
  const raw = rectangleOf(annotation);
  return raw && between(raw.x0, raw.y0, raw.x1, raw.y1, list.size);
}

function isExactly(annotation: ImageAnnotation, box: Box): boolean {
  const shown = rectangleOf(annotation);
  return shown !== null && sameBox(shown, box);
}

function annotationOf({ id, box }: Marked): ImageAnnotation {
  const { x0, y0, x1, y1 } = box;
  const geometry = {
    x: x0,
    y: y0,
    w: widthOf(box),
    h: heightOf(box),
    rot: 0,
    bounds: { minX: x0, minY: y0, maxX: x1, maxY: y1 },
  };
  const selector: Rectangle = { type: ShapeType.RECTANGLE, geometry };
  return { id, bodies: [], target: { annotation: id, selector } };
}
