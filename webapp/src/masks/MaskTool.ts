import type { BoxList, Marked, MaskMarks } from '../boxes/BoxList.ts';
import { type Box, between, isTooSmall } from '../boxes/geometry.ts';
import { paint, type Spot } from './brush.ts';
import { colorOf } from './colors.ts';
import type { Finder } from './Finder.ts';
import { bitmapOf, type Mask, pixelsIn } from './Mask.ts';
import { MaskBar, type Mode } from './MaskBar.ts';
import { MaskCanvas } from './MaskCanvas.ts';
import { MaskSurface } from './MaskSurface.ts';
import { painted, withStroke } from './Painting.ts';
import { mostPoints, type Point } from './Point.ts';

export interface MaskToolEvents {
  showStatus(message: string): void;
  closed(): void;
}

/** A press with the brush, the eraser or the box. */
interface Gesture {
  readonly start: Spot;
  last: Spot;
  readonly opposite: boolean;
  /** The pixels under the brush so far. */
  readonly stroke: Uint8Array | null;
}

/**
 * Lets the user see and correct the mask of one object. Every change goes to the list, so that what
 * is shown is what is sent.
 */
export class MaskTool {
  readonly bar: HTMLElement;
  readonly #bar: MaskBar;
  readonly #surface: MaskSurface;
  readonly #canvas: MaskCanvas;
  readonly #before: MaskMarks & { readonly box: Box };
  readonly #stopWatching: () => void;
  readonly #resized: ResizeObserver;
  #isOpen = true;
  #mode: Mode = 'in';
  /** Of the brush: 1 to 100, its diameter in hundredths of a third of the photo's longest side. */
  #size = 15;
  #isDim = false;
  #gesture: Gesture | null = null;
  /** Where the first corner of a box was set by keys, or the last dab of a brush. */
  #corner: Spot | null = null;
  /** What is found for the current box and points, without the painting. */
  readonly #found = new WeakMap<readonly Point[], Mask | null>();
  #pending: readonly Point[] | null = null;
  /** What the canvas shows. */
  #bitmap: Uint8Array;
  #shown: Mask | null | undefined;
  #frame = 0;

  constructor(
    private readonly place: HTMLElement,
    private readonly list: BoxList,
    readonly id: string,
    private readonly finder: Finder,
    private readonly events: MaskToolEvents,
  ) {
    const item = this.#item;
    if (!item) throw new RangeError('no such object');
    const { box, points, painting, mask } = item;
    this.#before = { box, points, painting, mask };
    this.#bitmap = new Uint8Array(list.size.width * list.size.height);
    const number = list.numberOf(id);
    this.#canvas = new MaskCanvas(list.size, true);
    const middle = { x: (box.x0 + box.x1) / 2, y: (box.y0 + box.y1) / 2 };
    this.#surface = new MaskSurface(
      list.size,
      number,
      middle,
      {
        pressed: (at, opposite) => this.#pressed(at, opposite),
        dragged: (to) => this.#dragged(to),
        released: (isClick) => this.#released(isClick),
        canceled: () => this.#canceled(),
        acted: (at, opposite) => this.#acted(at, opposite),
        steered: ({ x, y }) => events.showStatus(`Crosshair at ${Math.floor(x)}, ${Math.floor(y)}.`),
      },
      this.#canvas.element,
    );
    this.#bar = new MaskBar(number, {
      mode: (mode) => this.#setMode(mode),
      size: (size) => {
        this.#size = size;
        this.#show();
      },
      undo: () => list.undo(),
      redo: () => list.redo(),
      dim: (isDim) => {
        this.#isDim = isDim;
        this.#draw();
      },
      use: () => this.#close(`The mask of object ${number} is used as it is shown.`),
      cancel: () => this.#close('The mask is as it was before.', this.#before),
      remove: () =>
        this.#close(`The model finds the mask of object ${number} itself.`, {
          points: [],
          painting: null,
          mask: null,
        }),
    });
    this.bar = this.#bar.element;
    this.bar.append(finder.note);
    place.append(this.#surface.element);
    this.#resized = new ResizeObserver(() => this.#draw());
    this.#resized.observe(this.#surface.element);
    this.#stopWatching = list.watch(() => this.#changed());
  }

  /** Shows the mask, and finds it if there is none. */
  begin(): void {
    const item = this.#item;
    if (!item) return;
    this.#show();
    this.#surface.element.focus({ preventScroll: true });
    this.place.scrollIntoView({ block: 'nearest' });
    if (item.mask) this.#sayMask();
    else this.#find(item);
  }

  destroy(): void {
    this.#isOpen = false;
    this.#stopWatching();
    this.#resized.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#canvas.destroy();
    this.#surface.element.remove();
  }

  get #item(): Marked | undefined {
    return this.list.get(this.id);
  }

  /** The brush's radius in pixels of the photo. */
  get #radius(): number {
    const { width, height } = this.list.size;
    return Math.max(0.5, (Math.max(width, height) * this.#size) / 600);
  }

  /** Ends the tool, after which no late answer of the finder changes the object, and then changes it. */
  #close(message: string, change?: Partial<Marked>): void {
    this.#isOpen = false;
    if (change) this.list.mark(this.id, change);
    this.events.closed();
    this.events.showStatus(message);
  }

  #setMode(mode: Mode): void {
    this.#mode = mode;
    this.#corner = null;
    this.#show();
  }

  #pressed(at: Spot, opposite: boolean): void {
    const isBrush = this.#mode === 'brush' || this.#mode === 'eraser';
    this.#gesture = {
      start: at,
      last: at,
      opposite,
      stroke: isBrush ? new Uint8Array(this.#bitmap.length) : null,
    };
    this.#dragged(at);
  }

  #dragged(to: Spot): void {
    const gesture = this.#gesture;
    if (!gesture) return;
    if (gesture.stroke) {
      const { size } = this.list;
      paint(gesture.stroke, size, gesture.last, to, this.#radius, 1);
      paint(this.#bitmap, size, gesture.last, to, this.#radius, this.#erases(gesture.opposite) ? 0 : 1);
      this.#draw();
    } else if (this.#mode === 'box') {
      this.#surface.showBox(between(gesture.start.x, gesture.start.y, to.x, to.y, this.list.size));
    }
    gesture.last = to;
  }

  #released(isClick: boolean): void {
    const gesture = this.#gesture;
    this.#gesture = null;
    if (!gesture) return;
    if (gesture.stroke) this.#painted(gesture.stroke, this.#erases(gesture.opposite));
    else if (this.#mode === 'box') this.#boxed(gesture.start, gesture.last);
    else if (isClick) this.#point(gesture.start, gesture.opposite);
  }

  #canceled(): void {
    const wasPainting = this.#gesture?.stroke;
    this.#gesture = null;
    if (wasPainting) this.#shown = undefined;
    this.#show();
  }

  #erases(opposite: boolean): boolean {
    return (this.#mode === 'eraser') !== opposite;
  }

  /** Uses the tool where the crosshair is. */
  #acted(at: Spot, opposite: boolean): void {
    const corner = this.#corner;
    if (this.#mode === 'in' || this.#mode === 'out') this.#point(at, opposite);
    else if (this.#mode === 'box') {
      this.#corner = corner ? null : at;
      if (corner) this.#boxed(corner, at);
      else this.events.showStatus('One corner is set. Move to the opposite corner and press Enter.');
    } else {
      const stroke = new Uint8Array(this.#bitmap.length);
      paint(stroke, this.list.size, at, at, this.#radius, 1);
      this.#painted(stroke, this.#erases(opposite));
    }
  }

  #point(at: Spot, opposite: boolean): void {
    const item = this.#item;
    const { width, height } = this.list.size;
    if (!item) return;
    if (item.points.length >= mostPoints) {
      this.events.showStatus(`An object takes at most ${mostPoints} points. Paint the rest with the brush.`);
      return;
    }
    const isInside = (this.#mode === 'in') !== opposite;
    const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    this.list.mark(this.id, { points: [...item.points, { x, y, isInside }] });
  }

  #boxed(from: Spot, to: Spot): void {
    const item = this.#item;
    const box = between(from.x, from.y, to.x, to.y, this.list.size);
    const least = this.list.limits.minBox;
    if (!item) return;
    if (isTooSmall(box, least)) {
      this.events.showStatus(`That box is too small; each side needs at least ${least} pixels of the photo.`);
      this.#show();
      return;
    }
    // Another box is another question, with the same points.
    this.list.mark(this.id, { box, points: [...item.points] });
  }

  #painted(stroke: Uint8Array, erases: boolean): void {
    const item = this.#item;
    if (!item) return;
    const { size } = this.list;
    const painting = withStroke(item.painting, stroke, erases, size);
    const found = this.#found.get(item.points) ?? item.mask;
    this.list.mark(this.id, { painting, mask: painted(found, painting, size) });
    this.#sayMask();
  }

  /** The list has changed, by this tool, by undo or by another part of the page. */
  #changed(): void {
    if (!this.#isOpen) return;
    const item = this.#item;
    if (!item) {
      this.events.closed();
      return;
    }
    this.#show();
    const isKnown = this.#found.has(item.points) || item.points === this.#before.points;
    if (!isKnown && this.#pending !== item.points) this.#find(item);
  }

  /** Finds the mask for the object's box and points. */
  #find({ box, points }: Marked): void {
    this.#pending = points;
    this.events.showStatus('Finding the mask…');
    this.finder
      .find({ box, points }, (better) => this.#answered(points, better))
      .then(
        (found) => this.#answered(points, found),
        () => {
          if (this.#pending !== points) return;
          this.#pending = null;
          this.events.showStatus('This browser cannot find masks. Paint the object with the brush.');
        },
      );
  }

  #answered(points: readonly Point[], found: Mask | null): void {
    if (!this.#isOpen) return;
    this.#found.set(points, found);
    if (this.#pending === points) this.#pending = null;
    const item = this.#item;
    if (item?.points !== points) return;
    this.list.mark(this.id, { mask: painted(found, item.painting, this.list.size) }, true);
    this.#sayMask();
  }

  #sayMask(): void {
    const mask = this.#item?.mask;
    const { width, height } = this.list.size;
    if (!mask) {
      this.events.showStatus(
        'No object stands out here. Set a point in its middle, or paint it with the brush.',
      );
      return;
    }
    const percent = Math.max(1, Math.round((pixelsIn(mask) / (width * height)) * 100));
    this.events.showStatus(`The mask covers ${percent}% of the photo.`);
  }

  #show(): void {
    const item = this.#item;
    if (!item) return;
    this.#bar.show({
      mode: this.#mode,
      size: this.#size,
      canUndo: this.list.canUndo,
      canRedo: this.list.canRedo,
      hasMask: item.mask !== null,
    });
    const paints = this.#mode === 'brush' || this.#mode === 'eraser';
    this.#surface.showBrush(paints ? this.#radius : null);
    this.#surface.showBox(item.box);
    this.#surface.showPoints(item.points);
    if (this.#shown === item.mask) return;
    this.#shown = item.mask;
    this.#bitmap = item.mask ? bitmapOf(item.mask) : new Uint8Array(this.#bitmap.length);
    this.#draw();
  }

  /** Draws the bitmap with the browser's next frame. */
  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() =>
      this.#canvas.show(this.#bitmap, colorOf(this.list.numberOf(this.id)), this.#isDim),
    );
  }
}
