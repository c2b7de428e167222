import { h } from '../dom.ts';
import type { PhotoView, Spot } from '../zoom/PhotoView.ts';
import type { BoxList, Marked } from './BoxList.ts';
import { cursorOf, dragged } from './drag.ts';
import { type Box, between } from './geometry.ts';
import { type Grip, gripAt, reachOf } from './grip.ts';
import { placeBox } from './place.ts';
import './drawing.css';

/** Farthest distance, in CSS pixels, that a press may move and still be a click. */
const clickSlop = (pointerType: string): number => (pointerType === 'touch' ? 8 : 3);

export interface BoxLayerEvents {
  /** A press that drags no part of the selected box began. */
  began(): void;
  /** A press stayed where it began, in pixels of the photo, with its tolerance. */
  clicked(at: Spot, around: number): void;
  drawn(box: Box): void;
  /** The selected box was dragged to another place, `again` in the same press. */
  dragged(item: Marked, box: Box, again: boolean): void;
  /** The drag of the selected box ended. */
  dropped(item: Marked): void;
  /** The drag of the selected box was canceled, after it was dragged. */
  reverted(): void;
}

interface Press {
  readonly id: number;
  readonly type: string;
  readonly from: Spot;
  /** The part of the selected box that it drags; null if it draws. */
  readonly grip: Grip | null;
  readonly item: Marked | null;
  readonly x: number;
  readonly y: number;
  /** Where the pointer is on the screen. */
  toX: number;
  toY: number;
  isClick: boolean;
  /** Whether it has dragged the box. */
  hasDragged: boolean;
}

/**
 * The area over the photo in which a pointer draws boxes, and drags the selected one by its corners,
 * its edges and its inside. It is for pointers only: keyboards and screen readers use the frames.
 *
 * - A drag outside the selected box draws, inside other boxes too.
 * - A drag that leaves the photo continues until the pointer is released.
 * - A press that does not move is a click, however long it lasts.
 * - A corner can be dragged from outside the photo, too.
 * - What a move changes is computed once a frame.
 */
export class BoxLayer {
  readonly #layer = h('div', { class: 'box-layer', 'aria-hidden': 'true' });
  readonly #margin = h('div', { class: 'box-margin', 'aria-hidden': 'true' });
  readonly #band = h('div', { class: 'box-band', hidden: true });
  readonly #stopWatching: () => void;
  #selected: string | null = null;
  #press: Press | null = null;
  #frame = 0;

  constructor(
    private readonly view: PhotoView,
    private readonly list: BoxList,
    private readonly events: BoxLayerEvents,
  ) {
    this.#layer.append(this.#band);
    for (const area of [this.#margin, this.#layer]) {
      area.addEventListener('pointerdown', (event) => this.#down(event));
      area.addEventListener('pointermove', (event) => this.#move(event));
      area.addEventListener('pointerup', (event) => this.#up(event));
      area.addEventListener('pointercancel', () => this.#cancel());
      view.surface.append(area);
    }
    this.#stopWatching = view.watchGrabs(() => this.#cancel());
  }

  destroy(): void {
    this.#stopWatching();
    cancelAnimationFrame(this.#frame);
    this.#margin.remove();
    this.#layer.remove();
  }

  /** Names the box whose parts can be dragged, or none. */
  select(id: string | null): void {
    this.#selected = id;
  }

  #gripAt(event: PointerEvent): { grip: Grip; item: Marked } | null {
    const item = this.#selected === null ? undefined : this.list.get(this.#selected);
    if (!item) return null;
    const { clientX, clientY, pointerType } = event;
    const grip = gripAt(clientX, clientY, this.view.toScreen(item.box), reachOf(pointerType));
    return grip && { grip, item };
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0 || !event.isPrimary || this.#press) return;
    const held = this.#gripAt(event);
    // Outside the photo there are only corners and edges.
    if (event.target === this.#margin && (!held || held.grip === 'inside')) return;
    // Prevents the browser from selecting text or dragging the photo.
    event.preventDefault();
    this.#layer.setPointerCapture(event.pointerId);
    const { clientX: x, clientY: y, pointerType: type, pointerId: id } = event;
    this.#press = {
      id,
      type,
      from: this.view.toPhoto(x, y),
      grip: held?.grip ?? null,
      item: held?.item ?? null,
      x,
      y,
      toX: x,
      toY: y,
      isClick: true,
      hasDragged: false,
    };
    if (!held) this.events.began();
  }

  #move(event: PointerEvent): void {
    const press = this.#press;
    if (!press) {
      if (event.pointerType !== 'touch') this.#showCursor(event);
      return;
    }
    if (press.id !== event.pointerId) return;
    press.toX = event.clientX;
    press.toY = event.clientY;
    this.#frame ||= requestAnimationFrame(() => this.#follow());
  }

  #showCursor(event: PointerEvent): void {
    const held = this.#gripAt(event);
    const cursor = held ? cursorOf[held.grip] : '';
    for (const { style } of [this.#layer, this.#margin]) if (style.cursor !== cursor) style.cursor = cursor;
  }

  /** Draws or drags to where the pointer is. */
  #follow(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const press = this.#press;
    if (!press) return;
    if (Math.hypot(press.toX - press.x, press.toY - press.y) > clickSlop(press.type)) press.isClick = false;
    if (press.isClick) return;
    const { size, limits } = this.list;
    if (press.grip && press.item) {
      const to = this.view.toPhoto(press.toX, press.toY);
      const [dx, dy] = [to.x - press.from.x, to.y - press.from.y];
      const box = dragged(press.item.box, press.grip, dx, dy, size, limits.minBox);
      this.events.dragged(press.item, box, press.hasDragged);
      press.hasDragged = true;
    } else if (!this.list.isFull) {
      this.#band.hidden = false;
      placeBox(this.#band, this.#drawn(press), size);
    }
  }

  #drawn({ from, toX, toY }: Press): Box {
    const to = this.view.toPhoto(toX, toY);
    return between(from.x, from.y, to.x, to.y, this.list.size);
  }

  #up(event: PointerEvent): void {
    const press = this.#press;
    if (press?.id !== event.pointerId) return;
    press.toX = event.clientX;
    press.toY = event.clientY;
    this.#follow();
    this.#end();
    if (press.isClick) {
      this.events.clicked(press.from, clickSlop(press.type) / this.view.pixel);
    } else if (press.item) this.events.dropped(press.item);
    else this.events.drawn(this.#drawn(press));
  }

  #cancel(): void {
    const press = this.#press;
    this.#end();
    if (press?.hasDragged) this.events.reverted();
  }

  #end(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#press = null;
    this.#band.hidden = true;
  }
}
