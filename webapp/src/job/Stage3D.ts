import type { JobObject } from '../api.ts';
import { h, icon } from '../dom.ts';
import { canDraw3D, Viewer } from '../viewer/Viewer.ts';
import { titleOf } from './words.ts';

/** What a stage shows: an object, or the scene as if it were one. */
export type Staged = Pick<JobObject, 'index' | 'label' | 'state' | 'files' | 'preview'>;

/** The link under which the viewer fetches a mesh; null without one. */
export function viewLinkOf(object: Staged): string | null {
  return object.files.find((file) => file.format === 'glb')?.viewUrl ?? null;
}

/** Returns a new link to an object's mesh. */
export type FreshLink = (index: number) => Promise<string | null>;

/** Shows one object, or the scene: its preview picture first, its mesh to rotate once it scrolls into view. */
export class Stage3D {
  readonly element = h('div', { class: 'stage' });
  readonly #picture = h('div', { class: 'stage-picture' }, icon('cube'));
  readonly #place = h('div', { class: 'stage-viewer' });
  readonly #message = h('p', { class: 'stage-message', hidden: true });
  readonly #reset: HTMLButtonElement;
  readonly #viewer: Viewer;
  readonly #seen: IntersectionObserver;
  #object: Staged;
  #preview = '';
  #previewFailures = 0;
  #loading = false;
  #disposed = false;

  constructor(
    object: Staged,
    private readonly freshLink: FreshLink,
    /** The viewer's camera at first; see {@link Viewer}. */
    orbit?: string,
  ) {
    this.#object = object;
    this.#viewer = new Viewer(this.#place, orbit);
    this.#reset = h(
      'button',
      {
        type: 'button',
        class: 'stage-reset',
        hidden: true,
        'aria-label': `Turn ${titleOf(object)} to the front`,
        on: { click: () => this.#viewer.frame() },
      },
      icon('undo'),
    );
    // The viewer handles every press on it: other controls must follow it.
    this.element.append(this.#picture, this.#place, this.#message, this.#reset);
    this.#seen = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) void this.#load();
      },
      { rootMargin: '200px' },
    );
  }

  update(object: Staged): void {
    this.#object = object;
    const which = object.preview?.split('?')[0] ?? '';
    if (object.preview && which !== this.#preview) {
      this.#preview = which;
      const image = h('img', {
        src: object.preview,
        alt: `Preview of ${titleOf(object)}`,
        decoding: 'async',
      });
      image.addEventListener('error', () => {
        this.#preview = '';
        this.#picture.replaceChildren(icon('cube'));
        this.#previewFailures += 1;
        // The link may have expired since the job was read; an update brings a new one.
        if (this.#previewFailures === 1) void this.freshLink(this.#object.index);
      });
      this.#picture.replaceChildren(image);
    }
    this.element.classList.toggle('is-working', object.state === 'processing');
    if (object.files.some((file) => file.format === 'glb')) this.#seen.observe(this.element);
    else if (object.state === 'succeeded' && !object.preview)
      this.#say('No GLB was requested, so there is no mesh to show here.');
  }

  dispose(): void {
    this.#disposed = true;
    this.#seen.disconnect();
    this.#viewer.dispose();
  }

  /** Loads the mesh, once; `again` after a failure, which may be due to the link. */
  async #load(again = false): Promise<void> {
    if (this.#loading || this.#disposed) return;
    this.#loading = true;
    this.#seen.disconnect();
    if (!canDraw3D()) {
      this.#say('This browser cannot show 3D (WebGL is off). The files can be downloaded all the same.');
      return;
    }
    this.element.classList.add('is-loading');
    try {
      if (again) await this.#loadAfresh();
      // The link may have expired since the job was read: retry once with a new one.
      else await this.#show(viewLinkOf(this.#object)).catch(() => this.#loadAfresh());
      if (this.#disposed) return;
      this.element.classList.add('is-shown');
      this.#reset.hidden = false;
      this.#message.hidden = true;
    } catch {
      if (this.#disposed) return;
      this.#viewer.dispose();
      this.#say('The mesh could not be shown.', true);
    } finally {
      this.element.classList.remove('is-loading');
    }
  }

  async #loadAfresh(): Promise<void> {
    await this.#show(await this.freshLink(this.#object.index));
  }

  async #show(url: string | null): Promise<void> {
    if (url === null || this.#disposed) throw new Error('no link to the mesh');
    await this.#viewer.load(url, `3D mesh of ${titleOf(this.#object)}. Arrow keys turn it.`);
  }

  #say(message: string, again = false): void {
    this.#message.hidden = false;
    this.#message.replaceChildren(message);
    if (!again) return;
    const retry = h('button', { type: 'button', class: 'button small' }, 'Try again');
    retry.addEventListener('click', () => {
      this.#message.hidden = true;
      this.#loading = false;
      void this.#load(true);
    });
    this.#message.append(' ', retry);
  }
}
