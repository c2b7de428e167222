import type { JobPhoto } from '../api.ts';
import { h } from '../dom.ts';
import { texts } from '../texts/texts.ts';

export interface PhotoPictureEvents {
  /** Nothing can be shown. */
  broken(): void;
  /** The photo cannot be loaded, so the thumbnail stays. */
  blurred(): void;
}

/**
 * The picture of a job's photo, in a surface of its shape. The thumbnail comes first, if the job has
 * one. The photo itself, of up to 20 MB, replaces it once it is wanted and the surface has more pixels
 * of the screen than the thumbnail.
 */
export class PhotoPicture {
  readonly #observer = new ResizeObserver(() => this.#sharpen());
  #image: HTMLImageElement;
  /** Whether the photo itself is shown, or loaded into the element that is shown. */
  #isSharp: boolean;
  #isWanted = false;
  /** The link with which the photo was requested to replace the thumbnail. */
  #requested = '';

  constructor(
    surface: HTMLElement,
    private photo: JobPhoto,
    private readonly events: PhotoPictureEvents,
  ) {
    const { url = '', thumbnail } = photo;
    this.#isSharp = !thumbnail;
    const image = this.#make(thumbnail ?? url);
    image.addEventListener('error', () => this.#fallBack(image));
    image.addEventListener('load', () => this.#sharpen());
    this.#image = image;
    surface.prepend(image);
    this.#observer.observe(surface);
  }

  /** Takes newer links. `isWanted`: the thumbnail is not enough. */
  update(photo: JobPhoto, isWanted: boolean): void {
    this.photo = photo;
    this.#isWanted = isWanted;
    this.#sharpen();
  }

  destroy(): void {
    this.#observer.disconnect();
  }

  #make(src: string): HTMLImageElement {
    const { name, width, height } = this.photo;
    const image = h('img', { src, alt: texts.job.photoAlt(name) });
    if (width > 0) [image.width, image.height] = [width, height];
    return image;
  }

  /** Loads the photo in place of a thumbnail that cannot be loaded. */
  #fallBack(image: HTMLImageElement): void {
    if (this.#image !== image) return;
    if (this.#isSharp) {
      this.events.broken();
      return;
    }
    this.#isSharp = true;
    image.src = this.photo.url ?? '';
  }

  #sharpen(): void {
    const { url } = this.photo;
    if (this.#isSharp || !this.#isWanted || !url || url === this.#requested) return;
    const { complete, clientWidth, naturalWidth } = this.#image;
    if (!complete || clientWidth * window.devicePixelRatio <= naturalWidth) return;
    this.#requested = url;
    void this.#replace(this.#make(url));
  }

  async #replace(image: HTMLImageElement): Promise<void> {
    // Decoded before, so that nothing flickers. Rejects also where the browser decodes only what it paints.
    await image.decode().catch(() => {});
    if (this.#isSharp) return;
    if (image.naturalWidth === 0) {
      this.events.blurred();
      return;
    }
    this.#isSharp = true;
    this.#image.replaceWith(image);
    this.#image = image;
  }
}
