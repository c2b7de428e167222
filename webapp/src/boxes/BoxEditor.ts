import { h } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import type { PhotoView } from '../zoom/PhotoView.ts';
import { BoxFrames } from './BoxFrames.ts';
import { BoxLayer } from './BoxLayer.ts';
import type { BoxList, Marked } from './BoxList.ts';
import { type Box, isTooSmall, moveBy, resizeBy, smallestAt } from './geometry.ts';
import { followHistoryKeys } from './history.ts';
import { commandFor } from './keys.ts';

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
 * Shows a list's boxes over a photo and lets the user draw, move and resize them: with a pointer in
 * the layer, with the keyboard through focusable frames.
 */
export class BoxEditor {
  readonly #layer: BoxLayer;
  readonly #frames: BoxFrames<Marked>;
  readonly #cleanups: (() => void)[] = [];
  #selected: string | null = null;

  constructor(
    private readonly view: PhotoView,
    private readonly list: BoxList,
    private readonly events: BoxEditorEvents,
  ) {
    this.#frames = new BoxFrames(list.size, (marked) => this.#frameButton(marked));
    // Below the layer, so that no frame covers the handles of another box.
    view.surface.append(this.#frames.element);
    this.#layer = new BoxLayer(view, list, {
      began: () => this.#began(),
      clicked: ({ x, y }, around) => this.select(smallestAt(list.items, x, y, around)?.id ?? null),
      drawn: (box) => this.#drawn(box),
      dragged: ({ id }, box, again) => list.place(id, box, again),
      dropped: ({ id }) => this.#tell(id),
      reverted: () => list.undo(),
    });
    this.#cleanups.push(
      list.watch(() => this.#show()),
      followHistoryKeys(view.element, list),
      this.#ownEscape(),
    );
    this.#show();
  }

  destroy(): void {
    for (const cleanup of this.#cleanups) cleanup();
    this.#frames.element.remove();
    this.#layer.destroy();
  }

  /** Selects a box, or none; with `focus` it also takes the keyboard focus. */
  select(id: string | null, focus = false): void {
    if (id !== this.#selected) {
      this.#selected = id;
      this.#layer.select(id);
      this.#frames.mark(id);
      this.events.selected(id);
    }
    if (id !== null && focus) this.#frames.get(id)?.focus({ preventScroll: false });
  }

  /** A press that draws takes the focus, so that the keys of the view work, and a label is stored. */
  #began(): void {
    this.select(null);
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    this.view.element.focus({ preventScroll: true });
  }

  #frameButton(marked: Marked): HTMLElement {
    const { id } = marked;
    return h('button', {
      type: 'button',
      'aria-describedby': 'box-keys',
      on: {
        focus: () => {
          this.select(id);
          this.#reveal(id);
        },
        keydown: (event) => this.#pressed(event, id),
      },
    });
  }

  #pressed(event: KeyboardEvent, id: string): void {
    const { size, limits } = this.list;
    const { part } = this.view.visible;
    const command = commandFor(event, Math.max(part.x1 - part.x0, part.y1 - part.y0) / 100);
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
    this.#reveal(item.id);
    this.#tell(item.id);
  }

  /** Moves a zoomed photo so that the box is in the view. */
  #reveal(id: string): void {
    const item = this.list.get(id);
    if (item) this.view.reveal(item.box);
  }

  #tell(id: string): void {
    const item = this.list.get(id);
    if (item) this.events.showStatus(texts.boxes.placed(this.list.numberOf(id), item.box));
  }

  /** Removes the focused box and moves the focus to the next one. */
  #removeFocused(id: string): void {
    const at = this.list.numberOf(id) - 1;
    this.list.remove(id);
    const next = this.list.items[Math.min(at, this.list.items.length - 1)];
    if (next) this.select(next.id, true);
    this.events.showStatus(texts.boxes.deleted(this.list.items.length));
  }

  /** Renders the boxes of the list. */
  #show(): void {
    const hadFocus = this.#frames.element.contains(document.activeElement);
    if (this.#selected !== null && !this.list.get(this.#selected)) this.select(null);
    this.#frames.show(this.list.items);
    this.#frames.mark(this.#selected);
    if (hadFocus && !this.#frames.element.contains(document.activeElement)) this.events.lost();
  }

  #drawn(box: Box): void {
    const { maxObjects, minBox } = this.list.limits;
    const added = isTooSmall(box, minBox) ? null : this.list.add(box);
    if (added) this.events.showStatus(texts.boxes.drawn(this.list.numberOf(added.id), added.box));
    else
      this.events.showStatus(this.list.isFull ? texts.boxes.full(maxObjects) : texts.boxes.tooSmall(minBox));
  }

  /** Escape deselects the box, wherever the focus is except in a text field. */
  #ownEscape(): () => void {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !(event.target instanceof HTMLInputElement)) this.select(null);
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }
}
