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
import { steadyPointer } from './pointer.ts';

type Store = ImageAnnotator['state']['store'];
type Origin = NonNullable<Parameters<Store['addAnnotation']>[1]>;
type StoreChange = Parameters<Parameters<Store['observe']>[0]>[0];

/** What Annotorious's selection tells its subscribers. */
interface Selection {
  readonly selected: readonly { readonly id: string }[];
}

/** Marks changes that come from the list, so that they are not taken for the user's. */
const fromList = 'REMOTE' as Origin;

export interface BoxEditorEvents {
  /** A box is chosen, or none any more. */
  selected(id: string | null): void;
  /** The user asks for the label of a box. */
  label(id: string): void;
  /** Something to tell the user. */
  tell(message: string): void;
  /** The box that had the keys is gone, and no other one takes them. */
  lost(): void;
}

/**
 * Draws a list's boxes over a photo and lets the user draw, move and resize
 * them: pointers through Annotorious, keys through focusable frames.
 */
export class BoxEditor {
  readonly #annotator: ImageAnnotator;
  readonly #frames: BoxFrames;
  readonly #cleanups: (() => void)[] = [];
  #selected: string | null = null;
  /** The box drawn last, until Annotorious has chosen it. */
  #drawn: string | null = null;
  /** Whether the pointer's gesture has already changed a box. */
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
    // Beneath the layer, so that no frame lies over another box's handles.
    surface.querySelector('.a9s-annotationlayer')?.before(this.#frames.element);

    const changed = (change: StoreChange): void => this.#userChanged(change);
    this.#annotator.state.store.observe(changed, { origin: 'LOCAL' as Origin });
    // Not by Annotorious's selectionChanged: a timer brings that, on a busy machine after the next press.
    const unsubscribe = this.#annotator.state.selection.subscribe(({ selected }: Selection) =>
      this.#chosen(selected[0]?.id ?? null),
    );

    this.#cleanups.push(
      list.watch(() => this.#show()),
      steadyPointer(this.#annotator, (x, y, around) => this.#clicked(x, y, around)),
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

  /** Chooses a box, or none; with `focus` the keys go to it. */
  select(id: string | null, focus = false): void {
    if (id !== this.#selected) {
      if (id === null) this.#annotator.setSelected();
      else this.#annotator.setSelected(id, true);
      this.#setSelected(id);
    }
    if (id !== null && focus) this.#frames.get(id)?.focus({ preventScroll: false });
  }

  /**
   * Annotorious chooses what was just drawn. This page lets go of it, so that the
   * next drag draws again, inside that box too; a click chooses it.
   */
  #chosen(id: string | null): void {
    if (id !== null && id === this.#drawn) queueMicrotask(() => this.#annotator.setSelected());
    else this.#setSelected(id);
    if (id !== null) this.#drawn = null;
  }

  /** A click chooses the smallest box in its place; one beside all boxes lets go. */
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
    this.events.tell(`Object ${this.list.numberOf(item.id)}: ${describeBox(box)}.`);
  }

  /** Removes the box that has the keys and hands them to the next one. */
  #removeFocused(id: string): void {
    const at = this.list.numberOf(id) - 1;
    this.list.remove(id);
    const next = this.list.items[Math.min(at, this.list.items.length - 1)];
    if (next) this.select(next.id, true);
    this.events.tell(`Box deleted. ${this.list.items.length} left.`);
  }

  /** Shows what the list holds. */
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

  /** Takes what the user drew or dragged over into the list. */
  #userChanged({ changes }: StoreChange): void {
    for (const drawn of changes.created ?? []) {
      if (this.list.get(drawn.id)) continue;
      const box = boxOf(drawn, this.list);
      // Annotorious selects what was drawn right after this; only then can it go.
      if (!box || isTooSmall(box, this.list.limits.minBox) || !this.list.add(box, '', drawn.id)) {
        queueMicrotask(() => this.#discard(drawn.id));
      } else {
        this.#drawn = drawn.id;
        this.events.tell(`Box ${this.list.numberOf(drawn.id)} drawn: ${describeBox(box)}.`);
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
    for (const gone of changes.deleted ?? []) this.list.remove(gone.id);
  }

  #discard(id: string): void {
    this.#annotator.state.store.deleteAnnotation(id, fromList);
    this.select(null);
    const { maxObjects, minBox } = this.list.limits;
    this.events.tell(
      this.list.isFull
        ? `A photo takes at most ${maxObjects} boxes. Delete one to draw another.`
        : `That box is too small; each side needs at least ${minBox} pixels of the photo.`,
    );
  }

  /**
   * Undo and redo belong to the list, which knows of every change; Annotorious,
   * which listens on the document, would know of pointer gestures only. In a
   * text field the keys stay the browser's.
   */
  #ownHistory(): () => void {
    const pressed = (event: KeyboardEvent): void => {
      const step = historyStepFor(event);
      if (!step) return;
      event.stopPropagation();
      if (event.target instanceof HTMLInputElement && event.target.type === 'text') return;
      event.preventDefault();
      this.list[step]();
    };
    window.addEventListener('keydown', pressed, true);
    return () => window.removeEventListener('keydown', pressed, true);
  }

  /** Escape lets go of the chosen box wherever the keys are but in a text field. */
  #ownEscape(): () => void {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !(event.target instanceof HTMLInputElement)) this.select(null);
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }

  /** When a drag ends, the drawn shape is put where the list has the box. */
  #endGestures(surface: HTMLElement): () => void {
    const ended = (): void => {
      if (!this.#dragging) return;
      this.#dragging = false;
      this.#show();
      const item = this.#selected === null ? undefined : this.list.get(this.#selected);
      if (item) this.events.tell(`Object ${this.list.numberOf(item.id)}: ${describeBox(item.box)}.`);
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
