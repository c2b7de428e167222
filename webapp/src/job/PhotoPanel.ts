import type { Job } from '../api.ts';
import { BoxFrames } from '../boxes/BoxFrames.ts';
import { fromTuple, type Size } from '../boxes/geometry.ts';
import { h, icon, say } from '../dom.ts';
import { bytesInWords, pixelsInWords, typeInWords } from '../format.ts';

/** The job's photo, overlaid with its boxes, which have the numbers of its objects. */
export class PhotoPanel {
  readonly element: HTMLElement;
  readonly #picture = h('div', { class: 'photo-picture' }, icon('photo'));
  readonly #facts = h('figcaption');
  #frames: BoxFrames | null = null;
  #shown = '';

  constructor(
    /** Requests the job again, because the photo's link has expired. */
    private readonly stale: () => void,
  ) {
    this.element = h('figure', { class: 'photo-panel' }, this.#picture, this.#facts);
  }

  update(job: Job): void {
    const { source } = job;
    if (!source) return;
    const parts = [
      source.width > 0 ? pixelsInWords(source.width, source.height) : '',
      typeInWords(source.contentType),
      bytesInWords(source.bytes),
    ];
    say(this.#facts, parts.filter(Boolean).join(' · '));
    const which = source.url?.split('?')[0] ?? '';
    if (!source.url || which === this.#shown) return;
    this.#shown = which;
    const image = h('img', { src: source.url, alt: `The photo ${source.name}` });
    image.addEventListener('error', this.#broken);
    const size: Size = source;
    const surface = h('div', { class: 'box-surface' }, image);
    if (source.width > 0) {
      image.width = source.width;
      image.height = source.height;
      this.#frames = new BoxFrames(size);
      const items = job.objects.flatMap((object) => {
        const box = object.box && fromTuple(object.box);
        return box ? [{ id: String(object.index), box, label: object.label ?? '' }] : [];
      });
      this.#frames.show(items);
      surface.append(this.#frames.element);
    }
    this.#picture.replaceChildren(surface);
  }

  /** Highlights the box of one object, or none. */
  mark(index: number | null): void {
    this.#frames?.mark(index === null ? null : String(index));
  }

  #tries = 0;

  readonly #broken = (): void => {
    this.#picture.replaceChildren(icon('photo'));
    this.#shown = '';
    this.#tries += 1;
    if (this.#tries === 1) this.stale();
  };
}
