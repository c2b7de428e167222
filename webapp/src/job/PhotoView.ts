import type { Job, JobObject } from '../api.ts';
import { BoxFrames } from '../boxes/BoxFrames.ts';
import { type Box, fromTuple, type Size } from '../boxes/geometry.ts';
import { h, icon } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import { MaskOverlay } from './MaskOverlay.ts';

/** What the photo is overlaid with. */
export interface Overlays {
  readonly boxes: boolean;
  readonly masks: boolean;
}

interface Boxed {
  readonly id: string;
  readonly box: Box;
  readonly label: string;
}

/** The job's photo with its boxes and the masks that were used, in the colors of their objects. */
export class PhotoView {
  readonly element = h('div', { class: 'stage-photo' }, icon('photo'));
  readonly #abort = new AbortController();
  readonly #masks = new Map<number, MaskOverlay>();
  readonly #failed = new Set<number>();
  #job: Job | null = null;
  #surface: HTMLElement | null = null;
  #frames: BoxFrames | null = null;
  #boxes: Boxed[] = [];
  #shown = '';
  #tries = 0;
  #marked: number | null = null;
  #overlays: Overlays = { boxes: true, masks: true };

  constructor(
    private readonly events: {
      /** Requests the job again, because a link has expired. */
      stale(): void;
      /** The user has pressed on an object. */
      picked(index: number): void;
    },
  ) {}

  /** Shows the photo; it and its masks are fetched only then. */
  update(job: Job): void {
    this.#job = job;
    const { source } = job;
    const which = source?.url?.split('?')[0] ?? '';
    if (source?.url && which !== this.#shown) {
      this.#shown = which;
      this.#show(source.url, source.name, source, job.objects);
    }
    this.#showMasks();
  }

  overlay(overlays: Overlays): void {
    this.#overlays = overlays;
    this.element.classList.toggle('has-boxes', overlays.boxes);
    this.element.classList.toggle('has-masks', overlays.masks);
    this.#showMasks();
  }

  /** Highlights one object, or shows all alike. */
  mark(index: number | null): void {
    this.#marked = index;
    this.#frames?.mark(index === null ? null : String(index));
    this.element.classList.toggle('has-mark', index !== null);
    for (const [number, { element }] of this.#masks) element.classList.toggle('is-marked', number === index);
  }

  destroy(): void {
    this.#abort.abort();
  }

  #show(url: string, name: string, size: Size, objects: readonly JobObject[]): void {
    const image = h('img', { src: url, alt: texts.job.photoAlt(name) });
    image.addEventListener('error', this.#broken);
    const surface = h('div', { class: 'box-surface' }, image);
    if (size.width > 0) {
      image.width = size.width;
      image.height = size.height;
      surface.style.setProperty('--ratio', String(size.width / size.height));
      this.#boxes = objects.flatMap((object) => {
        const box = object.box && fromTuple(object.box);
        return box ? [{ id: String(object.index), box, label: object.label ?? '' }] : [];
      });
      this.#frames = new BoxFrames(size);
      this.#frames.show(this.#boxes);
      surface.append(this.#frames.element);
      surface.addEventListener('click', (event) => this.#pick(event, surface, size));
    }
    this.#surface = surface;
    this.#masks.clear();
    this.element.replaceChildren(surface);
    this.overlay(this.#overlays);
    this.mark(this.#marked);
  }

  #showMasks(): void {
    const job = this.#job;
    const source = job?.source;
    if (!job || !source || source.width === 0 || !this.#surface || !this.#overlays.masks) return;
    for (const { index, mask } of job.objects) {
      if (!mask?.url || this.#masks.has(index) || this.#failed.has(index)) continue;
      const overlay = new MaskOverlay();
      this.#masks.set(index, overlay);
      overlay.element.classList.toggle('is-marked', index === this.#marked);
      this.#frames?.element.before(overlay.element);
      overlay.load(mask.url, source, index, this.#abort.signal).catch(() => {
        if (this.#abort.signal.aborted) return;
        overlay.element.remove();
        this.#masks.delete(index);
        this.#failed.add(index);
        this.#retry();
      });
    }
  }

  /** Takes new links once. */
  #retry(): void {
    this.#tries += 1;
    if (this.#tries > 1) return;
    this.#failed.clear();
    this.events.stale();
  }

  readonly #broken = (): void => {
    this.element.replaceChildren(icon('photo'));
    this.#shown = '';
    this.#surface = null;
    this.#retry();
  };

  /** Picks the smallest box below the pointer. */
  #pick(event: MouseEvent, surface: HTMLElement, size: Size): void {
    const { left, top, width, height } = surface.getBoundingClientRect();
    const x = ((event.clientX - left) / width) * size.width;
    const y = ((event.clientY - top) / height) * size.height;
    const area = ({ box }: Boxed): number => (box.x1 - box.x0) * (box.y1 - box.y0);
    const [found] = this.#boxes
      .filter(({ box }) => x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1)
      .sort((a, b) => area(a) - area(b));
    if (found) this.events.picked(Number(found.id));
  }
}
