import { select } from 'd3-selection';
import { type D3ZoomEvent, type ZoomTransform, zoom, zoomIdentity } from 'd3-zoom';
import type { Box, Size } from '../boxes/geometry.ts';
import type { ScreenRect } from '../boxes/grip.ts';
import { h } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import { panFor, zoomFor } from './keys.ts';
import './zoom.css';

/** Room, in CSS pixels, that a zoomed photo can be moved in from the edge of the view. */
const margin = 24;
/** Largest size of a pixel of the photo, in CSS pixels. */
const largestPixel = 4;
/** Factor of one step of zoom by key or button, and CSS pixels of one step of the arrow keys. */
const zoomStep = 1.5;
const panStep = 60;
/** Largest exponent of 2 by which one event of the wheel zooms; a notch of a mouse is one event. */
const mostByWheel = 0.4;

/** A position in pixels of the photo, with fractions. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** The part of the photo that the view shows, in pixels with fractions, and its size in CSS pixels. */
export interface Visible extends Size {
  readonly part: Box;
}

type ViewEvent = D3ZoomEvent<HTMLElement, unknown>;

/**
 * Shows a photo with what is drawn on it, as a whole or a part of it larger: by a pinch, the wheel
 * with Ctrl, keys and calls. Two fingers, the wheel, Space with the mouse and the hand move the part.
 *
 * The surface, which has the photo and the drawing, is laid out at its zoomed size. What is placed in
 * it by shares of its size follows, and what has a size in CSS pixels keeps it: outlines, handles,
 * numbers. Positions are computed from the place of the view, which is read once a press, so that no
 * move of the pointer reads the layout.
 */
export class PhotoView {
  /** The view, of the size of the whole photo. */
  readonly element: HTMLElement;
  /** The photo and what is drawn on it, of the zoomed size. */
  readonly surface: HTMLElement;
  readonly #zoom = zoom<HTMLElement, unknown>();
  readonly #changed = new Set<() => void>();
  readonly #grabbed = new Set<() => void>();
  readonly #cleanups: (() => void)[] = [];
  #transform: ZoomTransform = zoomIdentity;
  #width = 0;
  #height = 0;
  /** Where the view is on the screen; null if it may have moved. */
  #origin: { readonly left: number; readonly top: number } | null = null;
  #isHand = false;
  #isSpace = false;

  constructor(
    image: HTMLImageElement,
    private readonly photo: Size,
  ) {
    this.surface = h('div', { class: 'box-surface' }, image);
    this.element = h(
      'div',
      { class: 'photo-view', role: 'group', 'aria-label': texts.boxes.view, tabindex: '-1' },
      this.surface,
    );
    this.element.style.setProperty('--photo-width', String(photo.width));
    this.element.style.setProperty('--photo-height', String(photo.height));
    this.#zoom
      .filter((event: Event) => this.#isForView(event))
      .extent(() => [
        [0, 0],
        [this.#width, this.#height],
      ])
      .constrain((transform) => this.#constrained(transform))
      .wheelDelta(wheelDelta)
      .on('start', ({ sourceEvent }: ViewEvent) => {
        if (sourceEvent && sourceEvent.type !== 'wheel') for (const grabbed of this.#grabbed) grabbed();
      })
      .on('zoom', ({ transform }: ViewEvent) => this.#show(transform));
    select(this.element).call(this.#zoom).on('dblclick.zoom', null);
    this.#listen();
  }

  destroy(): void {
    for (const cleanup of this.#cleanups) cleanup();
    select(this.element).on('.zoom', null);
  }

  /** Calls back after the shown part or its size has changed, until the returned function is called. */
  watch(changed: () => void): () => void {
    this.#changed.add(changed);
    return () => this.#changed.delete(changed);
  }

  /** Calls back when a second finger or the hand takes the photo, so that a drawing ends. */
  watchGrabs(grabbed: () => void): () => void {
    this.#grabbed.add(grabbed);
    return () => this.#grabbed.delete(grabbed);
  }

  /** How many times larger than as a whole the photo is shown: 1 or more. */
  get level(): number {
    return this.#transform.k;
  }

  get isZoomed(): boolean {
    return this.level > 1;
  }

  /** The size of a pixel of the photo in CSS pixels. */
  get pixel(): number {
    return (this.#width * this.level) / this.photo.width;
  }

  get visible(): Visible {
    const { x, y, k } = this.#transform;
    const { width, height } = this.photo;
    const across = (px: number): number =>
      Math.min(Math.max((px / (this.#width * k || 1)) * width, 0), width);
    const down = (px: number): number =>
      Math.min(Math.max((px / (this.#height * k || 1)) * height, 0), height);
    const part = { x0: across(-x), y0: down(-y), x1: across(this.#width - x), y1: down(this.#height - y) };
    return { part, width: (part.x1 - part.x0) * this.pixel, height: (part.y1 - part.y0) * this.pixel };
  }

  /** The position in the photo of a position on the screen, outside the photo too. */
  toPhoto(clientX: number, clientY: number): Spot {
    const { left, top } = this.#place();
    const { x, y } = this.#transform;
    return { x: (clientX - left - x) / this.pixel, y: (clientY - top - y) / this.pixel };
  }

  /** Where a box of the photo is on the screen. */
  toScreen({ x0, y0, x1, y1 }: Box): ScreenRect {
    const { left, top } = this.#place();
    const { x, y } = this.#transform;
    const { pixel } = this;
    return {
      left: left + x + x0 * pixel,
      top: top + y + y0 * pixel,
      right: left + x + x1 * pixel,
      bottom: top + y + y1 * pixel,
    };
  }

  zoomIn(): void {
    this.#zoom.scaleBy(select(this.element), zoomStep);
  }

  zoomOut(): void {
    this.#zoom.scaleBy(select(this.element), 1 / zoomStep);
  }

  /** Shows the whole photo. */
  fit(): void {
    this.#zoom.transform(select(this.element), zoomIdentity);
  }

  /** Moves the photo by CSS pixels; returns whether it moved. */
  pan(right: number, down: number): boolean {
    const before = this.#transform;
    this.#zoom.translateBy(select(this.element), right / this.level, down / this.level);
    return this.#transform.x !== before.x || this.#transform.y !== before.y;
  }

  /** Moves the photo so that a box is inside the view, if it is not larger. */
  reveal(box: Box): void {
    if (!this.isZoomed) return;
    const { x, y } = this.#transform;
    const { pixel } = this;
    const right = inwards(box.x0 * pixel + x, box.x1 * pixel + x, this.#width);
    const down = inwards(box.y0 * pixel + y, box.y1 * pixel + y, this.#height);
    if (right !== 0 || down !== 0) this.pan(right, down);
  }

  /** Whether one finger or the mouse moves the photo and draws nothing. */
  get isHand(): boolean {
    return this.#isHand;
  }

  set isHand(isHand: boolean) {
    this.#isHand = isHand;
    this.#showHand();
    for (const changed of this.#changed) changed();
  }

  /** Zooms by a key that was pressed in the view or in its buttons; returns whether it is such a key. */
  pressed(event: KeyboardEvent): boolean {
    const command = zoomFor(event);
    if (command === 'in') this.zoomIn();
    else if (command === 'out') this.zoomOut();
    else if (command === 'fit') this.fit();
    return command !== null;
  }

  #isForView(event: Event): boolean {
    if (event instanceof WheelEvent) return event.ctrlKey || event.metaKey;
    const isHand = this.#isHand || this.#isSpace;
    if (event instanceof MouseEvent) return isHand && event.button === 0;
    return isHand || (event as TouchEvent).touches.length > 1;
  }

  /** The whole photo fills the view; a part of it can be moved in by the margin. */
  #constrained(transform: ZoomTransform): ZoomTransform {
    const { k } = transform;
    const room = margin * Math.min(1, k - 1);
    const side = (at: number, length: number): number =>
      Math.min(Math.max(at, length - length * k - room), room);
    return zoomIdentity.translate(side(transform.x, this.#width), side(transform.y, this.#height)).scale(k);
  }

  #place(): { readonly left: number; readonly top: number } {
    if (!this.#origin) {
      const { left, top, width, height } = this.element.getBoundingClientRect();
      this.#origin = { left, top };
      this.#resized(width, height);
    }
    return this.#origin;
  }

  #resized(width: number, height: number): void {
    if (width === 0 || (width === this.#width && height === this.#height)) return;
    const ratio = this.#width > 0 ? width / this.#width : 1;
    [this.#width, this.#height] = [width, height];
    this.#zoom.scaleExtent([1, Math.max(2, (largestPixel * this.photo.width) / width)]);
    const { x, y, k } = this.#transform;
    const moved = zoomIdentity.translate(x * ratio, y * ratio).scale(k);
    this.#zoom.transform(select(this.element), this.#constrained(moved));
  }

  #show(transform: ZoomTransform): void {
    this.#transform = transform;
    const { k, x, y } = transform;
    const { style } = this.surface;
    style.width = `${k * 100}%`;
    style.height = `${k * 100}%`;
    style.transform = k > 1 ? `translate(${x}px, ${y}px)` : '';
    this.element.classList.toggle('is-zoomed', k > 1);
    this.element.classList.toggle('shows-pixels', this.pixel * devicePixelRatio >= 3);
    this.element.tabIndex = k > 1 ? 0 : -1;
    if (k === 1) this.#isHand = false;
    this.#showHand();
    for (const changed of this.#changed) changed();
  }

  #showHand(): void {
    this.element.classList.toggle('is-hand', this.isZoomed && (this.#isHand || this.#isSpace));
  }

  #listen(): void {
    const stale = (): void => {
      this.#origin = null;
    };
    const resized = new ResizeObserver(([entry]) => {
      if (!entry) return;
      stale();
      this.#resized(entry.contentRect.width, entry.contentRect.height);
    });
    resized.observe(this.element);
    const released = ({ key }: KeyboardEvent): void => {
      if (key === ' ') this.#holdSpace(false);
    };
    const left = (): void => this.#holdSpace(false);
    const pressed = (isPressed: boolean): void => {
      this.element.classList.toggle('is-pressed', isPressed);
    };
    this.element.addEventListener('pointerdown', stale, true);
    this.element.addEventListener('pointerdown', () => pressed(true), true);
    this.element.addEventListener('keydown', () => pressed(false), true);
    this.element.addEventListener('blur', () => pressed(false));
    this.element.addEventListener('pointerenter', stale);
    this.element.addEventListener('wheel', (event) => this.#wheeled(event), { passive: false });
    // Chromium takes a stroke that ends in motion for the beginning of a fling, and the next tap, of a
    // button too, for its end.
    this.element.addEventListener(
      'touchmove',
      (event) => {
        if (event.cancelable) event.preventDefault();
      },
      { passive: false },
    );
    this.element.addEventListener('keydown', (event) => this.#key(event));
    window.addEventListener('scroll', stale, { capture: true, passive: true });
    window.addEventListener('keyup', released);
    window.addEventListener('blur', left);
    this.#cleanups.push(
      () => resized.disconnect(),
      () => window.removeEventListener('scroll', stale, { capture: true }),
      () => window.removeEventListener('keyup', released),
      () => window.removeEventListener('blur', left),
    );
  }

  /** The wheel moves a zoomed photo; at the photo's edge it scrolls the page. */
  #wheeled(event: WheelEvent): void {
    if (event.ctrlKey || event.metaKey || !this.isZoomed) return;
    const unit = [1, 16, this.#height][event.deltaMode] ?? 1;
    const isAcross = event.shiftKey && event.deltaX === 0;
    const [right, down] = isAcross ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
    if (this.pan(-right * unit, -down * unit)) event.preventDefault();
  }

  #key(event: KeyboardEvent): void {
    if (event.defaultPrevented) return;
    if (this.pressed(event)) {
      event.preventDefault();
      return;
    }
    if (!this.isZoomed) return;
    if (event.key === ' ') {
      event.preventDefault();
      this.#holdSpace(true);
      return;
    }
    const pan = event.target === this.element ? panFor(event) : null;
    if (!pan) return;
    event.preventDefault();
    this.pan(pan.right * panStep, pan.down * panStep);
  }

  #holdSpace(isSpace: boolean): void {
    if (isSpace === this.#isSpace) return;
    this.#isSpace = isSpace;
    this.#showHand();
  }
}

/** How far a side has to move to be within a length, if it fits there. */
function inwards(low: number, high: number, length: number): number {
  if (high - low > length) return 0;
  const room = Math.min(margin, (length - (high - low)) / 2);
  if (low < room) return room - low;
  return high > length - room ? length - room - high : 0;
}

/** The exponent of 2 of a wheel's zoom: a pinch on a trackpad sends many small events, with Ctrl. */
function wheelDelta(event: WheelEvent): number {
  const unit = [0.01, 0.2, 1][event.deltaMode] ?? 0.01;
  return Math.min(Math.max(-event.deltaY * unit, -mostByWheel), mostByWheel);
}
