import type { Box, Size } from '../boxes/geometry.ts';
import { placeBox, placeCenter } from '../boxes/place.ts';
import { fill, h } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import type { PhotoView, Spot } from '../zoom/PhotoView.ts';
import { crosshairCommandFor } from './keys.ts';
import type { Point } from './Point.ts';

/** Farthest distance, in CSS pixels, that a press may move and still be a click. */
const clickSlop = (pointerType: string): number => (pointerType === 'touch' ? 10 : 4);

export interface SurfaceEvents {
  /** A press began, moved and ended at positions in pixels of the photo. */
  pressed(at: Spot, opposite: boolean): void;
  /** Once a frame, with the positions since the last one in order. */
  dragged(to: readonly Spot[]): void;
  /** `isClick`: the press has stayed where it began. */
  released(isClick: boolean): void;
  canceled(): void;
  /** Enter was pressed on the crosshair. */
  acted(at: Spot, opposite: boolean): void;
  /** The crosshair was moved by keys. */
  steered(at: Spot): void;
}

interface Press {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  isClick: boolean;
}

/** The area over the photo that takes presses and keys for a mask. */
export class MaskSurface {
  readonly element: HTMLElement;
  readonly #points = h('div', { class: 'mask-points', 'aria-hidden': 'true' });
  readonly #box = h('div', { class: 'mask-box', 'aria-hidden': 'true' });
  readonly #ring = h('div', { class: 'mask-ring', 'aria-hidden': 'true', hidden: true });
  readonly #crosshair = h('div', { class: 'mask-crosshair', 'aria-hidden': 'true' });
  readonly #stopWatching: () => void;
  #at: Spot;
  #press: Press | null = null;
  /** Where the pointer was since the last frame. */
  #trail: Spot[] = [];
  #frame = 0;

  constructor(
    private readonly view: PhotoView,
    private readonly photo: Size,
    number: number,
    at: Spot,
    private readonly events: SurfaceEvents,
    ...below: Node[]
  ) {
    this.#at = at;
    this.element = h(
      'div',
      {
        class: 'mask-surface',
        role: 'application',
        tabindex: '0',
        'aria-label': texts.masks.surface(number),
        'aria-describedby': 'mask-keys',
        on: {
          pointerdown: (event) => this.#down(event),
          pointermove: (event) => this.#move(event),
          pointerup: (event) => this.#up(event),
          pointercancel: () => this.#cancel(),
          pointerleave: () => this.#ring.classList.remove('is-over'),
          keydown: (event) => this.#key(event),
        },
      },
      ...below,
      this.#box,
      this.#points,
      this.#ring,
      this.#crosshair,
    );
    this.#place(this.#crosshair, at);
    this.#stopWatching = view.watchGrabs(() => this.#cancel());
  }

  destroy(): void {
    this.#stopWatching();
    cancelAnimationFrame(this.#frame);
    this.element.remove();
  }

  showBox(box: Box): void {
    placeBox(this.#box, box, this.photo);
  }

  showPoints(points: readonly Point[]): void {
    const dots = points.map((point) => {
      const dot = h(
        'span',
        { class: `mask-point ${point.isInside ? 'is-in' : 'is-out'}` },
        point.isInside ? '+' : '−',
      );
      this.#place(dot, { x: point.x + 0.5, y: point.y + 0.5 });
      return dot;
    });
    fill(this.#points, ...dots);
  }

  /** Shows the brush under the pointer, with its radius in pixels of the photo; null for no brush. */
  showBrush(radius: number | null): void {
    this.#ring.hidden = radius === null;
    if (radius === null) return;
    this.#ring.style.width = `${2 * radius * this.view.pixel}px`;
  }

  #place(element: HTMLElement, { x, y }: Spot): void {
    placeCenter(element, x, y, this.photo);
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0 || !event.isPrimary) return;
    // Prevents the browser from selecting text; the focus moves without showing the crosshair.
    event.preventDefault();
    this.element.focus({ preventScroll: true });
    this.element.classList.remove('has-crosshair');
    this.element.setPointerCapture(event.pointerId);
    this.#press = { id: event.pointerId, x: event.clientX, y: event.clientY, isClick: true };
    this.events.pressed(this.view.toPhoto(event.clientX, event.clientY), event.altKey);
  }

  #move(event: PointerEvent): void {
    if (!event.isPrimary) return;
    this.#trail.push(this.view.toPhoto(event.clientX, event.clientY));
    this.#frame ||= requestAnimationFrame(() => this.#follow());
    const press = this.#press;
    if (press?.id !== event.pointerId) return;
    const moved = Math.hypot(event.clientX - press.x, event.clientY - press.y);
    if (moved > clickSlop(event.pointerType)) press.isClick = false;
  }

  /** Shows and reports where the pointer has been since the last frame. */
  #follow(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const trail = this.#trail;
    this.#trail = [];
    const last = trail.at(-1);
    if (!last) return;
    if (!this.#ring.hidden) {
      this.#place(this.#ring, last);
      this.#ring.classList.add('is-over');
    }
    if (this.#press) this.events.dragged(trail);
  }

  #up(event: PointerEvent): void {
    const press = this.#press;
    if (press?.id !== event.pointerId) return;
    this.#follow();
    this.#press = null;
    this.events.released(press.isClick);
  }

  #cancel(): void {
    this.#trail = [];
    if (!this.#press) return;
    this.#press = null;
    this.events.canceled();
  }

  #key(event: KeyboardEvent): void {
    const { width, height } = this.photo;
    const { part } = this.view.visible;
    const command = crosshairCommandFor(event, Math.max(part.x1 - part.x0, part.y1 - part.y0) / 100);
    if (!command) return;
    event.preventDefault();
    this.element.classList.add('has-crosshair');
    if (command.kind === 'act') {
      this.events.acted(this.#at, command.opposite);
      return;
    }
    this.#at = {
      x: Math.min(Math.max(this.#at.x + command.dx, 0.5), width - 0.5),
      y: Math.min(Math.max(this.#at.y + command.dy, 0.5), height - 0.5),
    };
    const { x, y } = this.#at;
    this.#place(this.#crosshair, this.#at);
    this.view.reveal({ x0: x, y0: y, x1: x, y1: y });
    this.events.steered(this.#at);
  }
}
