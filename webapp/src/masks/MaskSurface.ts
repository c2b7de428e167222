import { type Box, inPercent, type Size } from '../boxes/geometry.ts';
import { fill, h } from '../dom.ts';
import type { Spot } from './brush.ts';
import { crosshairCommandFor } from './keys.ts';
import type { Point } from './Point.ts';

/** Farthest distance, in CSS pixels, that a press may move and still be a click. */
const clickSlop = (pointerType: string): number => (pointerType === 'touch' ? 10 : 4);

export interface SurfaceEvents {
  /** A press began, moved and ended at positions in pixels of the photo. */
  pressed(at: Spot, opposite: boolean): void;
  dragged(to: Spot): void;
  /** `isClick`: the press has stayed where it began. */
  released(isClick: boolean): void;
  canceled(): void;
  /** Enter was pressed on the crosshair. */
  acted(at: Spot, opposite: boolean): void;
  /** The crosshair was moved by keys. */
  steered(at: Spot): void;
}

/** The area over the photo that takes presses and keys for a mask. */
export class MaskSurface {
  readonly element: HTMLElement;
  readonly #points = h('div', { class: 'mask-points', 'aria-hidden': 'true' });
  readonly #box = h('div', { class: 'mask-box', 'aria-hidden': 'true' });
  readonly #ring = h('div', { class: 'mask-ring', 'aria-hidden': 'true', hidden: true });
  readonly #crosshair = h('div', { class: 'mask-crosshair', 'aria-hidden': 'true' });
  #at: Spot;
  #press: { readonly id: number; readonly x: number; readonly y: number; isClick: boolean } | null = null;

  constructor(
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
        'aria-label': `Mask of object ${number} on the photo`,
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
  }

  showBox(box: Box): void {
    const { left, top, width, height } = inPercent(box, this.photo);
    Object.assign(this.#box.style, {
      left: `${left}%`,
      top: `${top}%`,
      width: `${width}%`,
      height: `${height}%`,
    });
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
    this.#ring.style.width = `${((2 * radius) / this.photo.width) * 100}%`;
  }

  #place(element: HTMLElement, { x, y }: Spot): void {
    element.style.left = `${(x / this.photo.width) * 100}%`;
    element.style.top = `${(y / this.photo.height) * 100}%`;
  }

  #spot(event: PointerEvent): Spot {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return {
      x: ((event.clientX - left) / width) * this.photo.width,
      y: ((event.clientY - top) / height) * this.photo.height,
    };
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0 || !event.isPrimary) return;
    // Prevents the browser from selecting text; the focus moves without showing the crosshair.
    event.preventDefault();
    this.element.focus({ preventScroll: true });
    this.element.classList.remove('has-crosshair');
    this.element.setPointerCapture(event.pointerId);
    this.#press = { id: event.pointerId, x: event.clientX, y: event.clientY, isClick: true };
    this.events.pressed(this.#spot(event), event.altKey);
  }

  #move(event: PointerEvent): void {
    if (event.isPrimary) {
      this.#place(this.#ring, this.#spot(event));
      this.#ring.classList.add('is-over');
    }
    const press = this.#press;
    if (press?.id !== event.pointerId) return;
    const moved = Math.hypot(event.clientX - press.x, event.clientY - press.y);
    if (moved > clickSlop(event.pointerType)) press.isClick = false;
    this.events.dragged(this.#spot(event));
  }

  #up(event: PointerEvent): void {
    const press = this.#press;
    if (press?.id !== event.pointerId) return;
    this.#press = null;
    this.events.released(press.isClick);
  }

  #cancel(): void {
    this.#press = null;
    this.events.canceled();
  }

  #key(event: KeyboardEvent): void {
    const { width, height } = this.photo;
    const command = crosshairCommandFor(event, Math.max(width, height) / 100);
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
    this.#place(this.#crosshair, this.#at);
    this.events.steered(this.#at);
  }
}
