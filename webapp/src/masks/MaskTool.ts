import type { BoxList, Marked, MaskMarks } from '../boxes/BoxList.ts';
import { type Box, between, isTooSmall } from '../boxes/geometry.ts';
import { texts } from '../texts/texts.ts';
import type { PhotoView, Spot } from '../zoom/PhotoView.ts';
import { colorOf } from './colors.ts';
import type { Finder } from './Finder.ts';
import { type Mask, pixelsIn } from './Mask.ts';
import { MaskBar, type Mode } from './MaskBar.ts';
import { MaskCanvas } from './MaskCanvas.ts';
import { MaskSurface } from './MaskSurface.ts';
import { painted, withStroke } from './Painting.ts';
import { mostPoints, type Point } from './Point.ts';
import { Search } from './Search.ts';
import { Stroke } from './Stroke.ts';

export interface MaskToolEvents {
  showStatus(message: string): void;
  closed(): void;
}

/** A press on the photo. */
interface Gesture {
  readonly start: Spot;
  last: Spot;
  readonly opposite: boolean;
  /** What the brush or the eraser paints. */
  readonly stroke: Stroke | null;
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
  readonly #search: Search;
  readonly #before: MaskMarks & { readonly box: Box };
  readonly #cleanups: (() => void)[];
  #isOpen = true;
  #mode: Mode = 'in';
  /** Of the brush: 1 to 100, its diameter in hundredths of a third of the longest side of the view. */
  #size = 15;
  #isDim = false;
  #gesture: Gesture | null = null;
  /** Where the first corner of a box was set by keys. */
  #corner: Spot | null = null;

  constructor(
    private readonly view: PhotoView,
    private readonly list: BoxList,
    readonly id: string,
    finder: Finder,
    private readonly events: MaskToolEvents,
  ) {
    const item = this.#item;
    if (!item) throw new RangeError('no such object');
    const { box, points, painting, mask } = item;
    this.#before = { box, points, painting, mask };
    const number = list.numberOf(id);
    this.#search = new Search(finder, {
      asked: () => events.showStatus(texts.masks.finding),
      found: (points, found) => this.#found(points, found),
      failed: () => events.showStatus(texts.masks.cannotFind),
    });
    this.#canvas = new MaskCanvas(view, list.size, true);
    const middle = { x: (box.x0 + box.x1) / 2, y: (box.y0 + box.y1) / 2 };
    this.#surface = new MaskSurface(
      view,
      list.size,
      number,
      middle,
      {
        pressed: (at, opposite) => this.#pressed(at, opposite),
        dragged: (to) => this.#dragged(to),
        released: (isClick) => this.#released(isClick),
        canceled: () => this.#canceled(),
        acted: (at, opposite) => this.#acted(at, opposite),
        steered: ({ x, y }) => events.showStatus(texts.masks.crosshair(Math.floor(x), Math.floor(y))),
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
        this.#draw(this.#item?.mask ?? null);
      },
      use: () => this.#close(texts.masks.used(number)),
      cancel: () => this.#close(texts.masks.canceled, this.#before),
      remove: () => this.#close(texts.masks.removed(number), { points: [], painting: null, mask: null }),
    });
    this.bar = this.#bar.element;
    this.bar.append(finder.note);
    view.surface.append(this.#surface.element);
    this.#cleanups = [list.watch(() => this.#changed()), view.watch(() => this.#showBrush())];
  }

  /** Shows the mask, and finds it if there is none. */
  begin(): void {
    const item = this.#item;
    if (!item) return;
    this.#show();
    this.#surface.element.focus({ preventScroll: true });
    this.view.reveal(item.box);
    if (item.mask) this.#sayMask();
    else this.#search.ask(item);
    // Once all is there: the tools below the photo, and above all the photo.
    for (const part of [this.bar, this.view.element]) part.scrollIntoView({ block: 'nearest' });
  }

  destroy(): void {
    this.#end();
    for (const cleanup of this.#cleanups) cleanup();
    this.#canvas.destroy();
    this.#surface.destroy();
  }

  get #item(): Marked | undefined {
    return this.list.get(this.id);
  }

  /** The brush's radius in pixels of the photo: on the screen it is the same however far it is zoomed. */
  get #radius(): number {
    const { width, height } = this.list.size;
    return Math.max(0.5, (Math.max(width, height) * this.#size) / 600 / this.view.level);
  }

  get #paints(): boolean {
    return this.#mode === 'brush' || this.#mode === 'eraser';
  }

  #end(): void {
    this.#isOpen = false;
    this.#search.close();
  }

  /** Ends the tool, after which no late answer of the finder changes the object, and then changes it. */
  #close(message: string, change?: Partial<Marked>): void {
    this.#end();
    if (change) this.list.mark(this.id, change);
    this.events.closed();
    this.events.showStatus(message);
  }

  #setMode(mode: Mode): void {
    this.#mode = mode;
    this.#corner = null;
    this.#show();
  }

  #strokeAt(at: Spot, opposite: boolean): Stroke {
    const stroke = new Stroke(this.list.size, this.#radius, (this.#mode === 'eraser') !== opposite);
    stroke.to(at);
    return stroke;
  }

  #pressed(at: Spot, opposite: boolean): void {
    const stroke = this.#paints ? this.#strokeAt(at, opposite) : null;
    this.#gesture = { start: at, last: at, opposite, stroke };
    this.#dragged([at]);
  }

  #dragged(to: readonly Spot[]): void {
    const gesture = this.#gesture;
    if (!gesture) return;
    gesture.last = to.at(-1) ?? gesture.last;
    if (gesture.stroke) {
      for (const spot of to) gesture.stroke.to(spot);
      this.#draw(this.#paintedWith(gesture.stroke).mask);
    } else if (this.#mode === 'box') this.#surface.showBox(this.#boxOf(gesture.start, gesture.last));
  }

  #released(isClick: boolean): void {
    const gesture = this.#gesture;
    this.#gesture = null;
    if (!gesture) return;
    if (gesture.stroke) this.#paint(gesture.stroke);
    else if (this.#mode === 'box') this.#boxed(gesture.start, gesture.last);
    else if (isClick) this.#point(gesture.start, gesture.opposite);
  }

  #canceled(): void {
    this.#gesture = null;
    this.#show();
  }

  /** Uses the tool where the crosshair is. */
  #acted(at: Spot, opposite: boolean): void {
    const corner = this.#corner;
    if (this.#paints) this.#paint(this.#strokeAt(at, opposite));
    else if (this.#mode !== 'box') this.#point(at, opposite);
    else {
      this.#corner = corner ? null : at;
      if (corner) this.#boxed(corner, at);
      else this.events.showStatus(texts.masks.corner);
    }
  }

  #point(at: Spot, opposite: boolean): void {
    const item = this.#item;
    const { width, height } = this.list.size;
    if (!item) return;
    if (item.points.length >= mostPoints) {
      this.events.showStatus(texts.masks.mostPoints(mostPoints));
      return;
    }
    const isInside = (this.#mode === 'in') !== opposite;
    const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    this.list.mark(this.id, { points: [...item.points, { x, y, isInside }] });
  }

  #boxOf(from: Spot, to: Spot): Box {
    return between(from.x, from.y, to.x, to.y, this.list.size);
  }

  #boxed(from: Spot, to: Spot): void {
    const item = this.#item;
    const box = this.#boxOf(from, to);
    const least = this.list.limits.minBox;
    if (!item) return;
    if (isTooSmall(box, least)) {
      this.events.showStatus(texts.boxes.tooSmall(least));
      this.#show();
      return;
    }
    // Another box is another question, with the same points.
    this.list.mark(this.id, { box, points: [...item.points] });
  }

  /** The object's painting and mask with a stroke. */
  #paintedWith({ mask: stroke, erases }: Stroke): Pick<MaskMarks, 'painting' | 'mask'> {
    const item = this.#item;
    const painting = withStroke(item?.painting ?? null, stroke, erases);
    const found = (item && this.#search.get(item.points)) ?? item?.mask ?? null;
    return { painting, mask: painted(found, painting, this.list.size) };
  }

  #paint(stroke: Stroke): void {
    this.list.mark(this.id, this.#paintedWith(stroke));
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
    if (item.points !== this.#before.points) this.#search.ask(item);
  }

  #found(points: readonly Point[], found: Mask | null): void {
    const item = this.#item;
    if (item?.points !== points) return;
    this.list.mark(this.id, { mask: painted(found, item.painting, this.list.size) }, true);
    this.#sayMask();
  }

  #sayMask(): void {
    const mask = this.#item?.mask;
    const { width, height } = this.list.size;
    if (!mask) this.events.showStatus(texts.masks.nothing);
    else {
      const percent = Math.max(1, Math.round((pixelsIn(mask) / (width * height)) * 100));
      this.events.showStatus(texts.masks.covers(percent));
    }
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
    this.#showBrush();
    this.#surface.showBox(item.box);
    this.#surface.showPoints(item.points);
    this.#draw(item.mask);
  }

  #showBrush(): void {
    this.#surface.showBrush(this.#paints ? this.#radius : null);
  }

  #draw(mask: Mask | null): void {
    const color = colorOf(this.list.numberOf(this.id));
    this.#canvas.show(mask ? [{ mask, color }] : [], this.#isDim);
  }
}
