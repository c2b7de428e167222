import type { Job, JobObject, JobPhoto } from '../api.ts';
import { BoxFrames } from '../boxes/BoxFrames.ts';
import { type Box, fromTuple, type Size } from '../boxes/geometry.ts';
import { h, icon } from '../dom.ts';
import { MaskOverlay } from './MaskOverlay.ts';
import { PhotoPicture } from './PhotoPicture.ts';

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
  #picture: PhotoPicture | null = null;
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

  /**
   * Shows the photo with one object highlighted, or with all alike; its pictures and masks are fetched
   * only then. `isSharp`: the thumbnail is not enough.
   */
  update(job: Job, marked: number | null, isSharp: boolean): void {
    this.#job = job;
    const { source } = job;
    const which = source?.url?.split('?')[0] ?? '';
    if (source?.url && which !== this.#shown) {
      this.#shown = which;
      this.#show(source, job.objects);
    }
    if (source) this.#picture?.update(source, isSharp);
    this.#mark(marked);
    this.#showMasks();
  }

  overlay(overlays: Overlays): void {
    this.#overlays = overlays;
    this.element.classList.toggle('has-boxes', overlays.boxes);
    this.element.classList.toggle('has-masks', overlays.masks);
    this.#showMasks();
  }

  destroy(): void {
    this.#abort.abort();
    this.#picture?.destroy();
  }

  #mark(index: number | null): void {
    this.#marked = index;
    this.#frames?.mark(index === null ? null : String(index));
    this.element.classList.toggle('has-mark', index !== null);
    for (const [number, { element }] of this.#masks) element.classList.toggle('is-marked', number === index);
  }

  #show(photo: JobPhoto, objects: readonly JobObject[]): void {
    const size: Size = photo;
    const surface = h('div', { class: 'box-surface' });
    this.#picture?.destroy();
    this.#picture = new PhotoPicture(surface, photo, {
      broken: () => this.#broken(),
      blurred: () => this.#retry(),
    });
    if (size.width > 0) {
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
    this.#masks.clear();
    this.element.replaceChildren(surface);
  }

  #showMasks(): void {
    const job = this.#job;
    const source = job?.source;
    if (!job || !source || source.width === 0 || !this.#picture || !this.#overlays.masks) return;
    for (const { index, mask } of job.objects) {
      if (this.#marked !== null && index !== this.#marked) continue;
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

  #broken(): void {
    this.element.replaceChildren(icon('photo'));
    this.#shown = '';
    this.#picture?.destroy();
    this.#picture = null;
    this.#retry();
  }

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
