import type { ResultFile } from '../api.ts';
import { h, icon } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import type { Front, Look } from '../viewer/looks.ts';
import { ViewerClient } from '../viewer/ViewerClient.ts';
import type { ItemKey } from './items.ts';
import type { Lighting } from './LightPanel.ts';
import { type Source, sourceOf } from './sources.ts';

/** What the view shows: an object or the scene. */
export interface Subject {
  readonly key: ItemKey;
  readonly title: string;
  readonly files: readonly ResultFile[];
  readonly preview: string | undefined;
  readonly front: Front;
}

export interface MeshViewEvents {
  /** Reads the job again; returns the new files of an item, null if they cannot be had. */
  freshFiles(key: ItemKey): Promise<readonly ResultFile[] | null>;
  /** Whether an object is drawn, which the tools can act on. */
  drawn(isDrawn: boolean): void;
}

const words = texts.viewer;
const helpId = 'viewer-help';

/**
 * Shows one object at a time in 3D: its preview picture first, then its mesh or splat. The viewer, a
 * chunk of its own, is loaded with the first of them and kept for all others.
 */
export class MeshView {
  readonly element: HTMLElement;
  readonly #picture = h('div', { class: 'mesh-picture' }, icon('cube'));
  readonly #place = h('div', {
    class: 'mesh-place',
    role: 'application',
    'aria-roledescription': words.role,
    'aria-describedby': helpId,
    tabindex: 0,
    hidden: true,
  });
  readonly #message = h('div', { class: 'mesh-message', role: 'status' });
  #subject: Subject | null = null;
  #look: Look = 'textured';
  #lighting: Lighting = { environment: 'studio', exposure: 0, background: 'auto' };
  #viewer: ViewerClient | null = null;
  /** The viewer to come. */
  #opening: Promise<ViewerClient | null> | null = null;
  #abort = new AbortController();
  /** The item and format that are being loaded, or have failed. */
  #loading = '';
  #preview = '';
  #previewFailures = 0;
  /** Resolves when the preview is seen: it comes before the viewer and the mesh, which take longer. */
  #previewPainted: Promise<void> = Promise.resolve();
  #isTurning = false;
  #mayScroll = true;
  #isDisposed = false;

  constructor(private readonly events: MeshViewEvents) {
    this.element = h(
      'div',
      { class: 'mesh-view' },
      this.#picture,
      this.#place,
      h('p', { id: helpId, hidden: true }, words.help),
      this.#message,
    );
    this.#place.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.#viewer?.press(event)) event.preventDefault();
    });
  }

  /** Shows an item in some way. The same again changes nothing, but takes newer links. */
  show(subject: Subject, look: Look): void {
    const isOther = subject.key !== this.#subject?.key;
    this.#subject = subject;
    this.#look = look;
    this.#place.setAttribute('aria-label', words.label(subject.title));
    if (isOther) this.#forget();
    this.#showPreview(subject);
    const source = sourceOf(subject.files, look);
    if (!source) {
      if (!subject.preview || subject.files.length > 0) this.#say(words.noMesh);
      return;
    }
    if (this.#viewer?.has(source.format)) {
      this.#stopLoading();
      this.#viewer.show(look);
      this.#setDrawn(true);
      return;
    }
    if (this.#loading !== `${subject.key} ${source.format}`) void this.#load(source, false);
  }

  /** Releases what is shown, for an item that is not in 3D. */
  hide(): void {
    this.#subject = null;
    this.#forget();
  }

  light(lighting: Lighting): void {
    this.#lighting = lighting;
    this.#viewer?.light(lighting.environment, lighting.exposure);
  }

  turntable(isOn: boolean): void {
    this.#isTurning = isOn;
    this.#viewer?.turntable(isOn);
  }

  allowScrolling(allows: boolean): void {
    this.#mayScroll = allows;
    this.#viewer?.allowScrolling(allows);
  }

  frame(): void {
    this.#viewer?.move({ kind: 'home' });
  }

  zoom(isIn: boolean): void {
    this.#viewer?.move({ kind: 'zoom', isIn });
  }

  /** A PNG of what is shown; see {@link ViewerClient.picture}. Rejects if nothing is. */
  picture(...paint: Parameters<ViewerClient['picture']>): Promise<Blob> {
    return this.#viewer?.picture(...paint) ?? Promise.reject(new Error('nothing is shown'));
  }

  dispose(): void {
    this.#abort.abort();
    this.#viewer?.dispose();
    this.#viewer = null;
    this.#isDisposed = true;
  }

  #forget(): void {
    this.#stopLoading();
    this.#viewer?.clear();
    this.#preview = '';
    this.#previewFailures = 0;
    this.#previewPainted = Promise.resolve();
    this.#picture.replaceChildren(icon('cube'));
    this.#setDrawn(false);
  }

  #stopLoading(): void {
    this.#abort.abort();
    this.#loading = '';
    this.#say('');
    this.element.classList.remove('is-loading');
  }

  #setDrawn(isDrawn: boolean): void {
    this.#place.hidden = !isDrawn;
    this.element.classList.toggle('is-shown', isDrawn);
    this.events.drawn(isDrawn);
  }

  #showPreview({ preview, title, key }: Subject): void {
    const which = preview?.split('?')[0] ?? '';
    if (!preview || which === this.#preview) return;
    this.#preview = which;
    const image = h('img', { src: preview, alt: words.preview(title), decoding: 'async' });
    image.addEventListener('error', () => {
      if (this.#preview !== which) return;
      this.#preview = '';
      this.#picture.replaceChildren(icon('cube'));
      this.#previewFailures += 1;
      // The link may have expired since the job was read; an update brings a new one.
      if (this.#previewFailures === 1) void this.events.freshFiles(key);
    });
    this.#picture.replaceChildren(image);
    this.#previewPainted = painted(image);
  }

  /** Loads a file; `again` after a failure, which may be due to the link. */
  async #load(source: Source, again: boolean): Promise<void> {
    const subject = this.#subject;
    if (!subject) return;
    this.#stopLoading();
    this.#loading = `${subject.key} ${source.format}`;
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.element.classList.add('is-loading');
    await this.#previewPainted;
    if (signal.aborted) return;
    try {
      const viewer = await this.#ready();
      signal.throwIfAborted();
      if (!viewer) {
        this.#place.hidden = true;
        this.element.classList.remove('is-loading');
        this.#say(words.noWebGL);
        return;
      }
      if (again) await this.#loadAfresh(viewer, subject, signal);
      else {
        const wanted = { ...source, front: subject.front, look: this.#look };
        await viewer.load(wanted, signal).catch((error: unknown) => {
          signal.throwIfAborted();
          if (this.#viewer !== viewer) throw error;
          // The link may have expired since the job was read: retry once with a new one.
          return this.#loadAfresh(viewer, subject, signal);
        });
      }
      signal.throwIfAborted();
      this.#stopLoading();
      viewer.show(this.#look);
      this.#setDrawn(true);
    } catch {
      if (signal.aborted) return;
      if (!this.#viewer) this.#place.hidden = true;
      this.element.classList.remove('is-loading');
      this.#say(source.format === 'glb' ? words.failed : words.splatFailed, true);
    }
  }

  async #loadAfresh(viewer: ViewerClient, { key, front }: Subject, signal: AbortSignal): Promise<void> {
    const files = await this.events.freshFiles(key);
    signal.throwIfAborted();
    const source = files && sourceOf(files, this.#look);
    if (!source) throw new Error('there is no link to the file');
    await viewer.load({ ...source, front, look: this.#look }, signal);
  }

  /** The viewer, which is started for the first object; null where the browser has no WebGL. */
  async #ready(): Promise<ViewerClient | null> {
    if (this.#viewer) return this.#viewer;
    // The canvas takes its size from a place that is laid out.
    this.#place.hidden = false;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #open(): Promise<ViewerClient | null> {
    const viewer = await ViewerClient.open(this.#place, { lost: () => viewer && this.#lost(viewer) });
    if (this.#isDisposed) viewer?.dispose();
    if (this.#isDisposed || !viewer) return null;
    viewer.light(this.#lighting.environment, this.#lighting.exposure);
    viewer.turntable(this.#isTurning);
    viewer.allowScrolling(this.#mayScroll);
    this.#viewer = viewer;
    return viewer;
  }

  /** The browser has ended the WebGL context, as it does when the GPU's driver restarts. */
  #lost(viewer: ViewerClient): void {
    viewer.dispose();
    if (this.#viewer !== viewer) return;
    this.#stopLoading();
    this.#viewer = null;
    this.#loading = 'lost';
    this.#setDrawn(false);
    this.#say(words.lost, true);
  }

  #say(message: string, again = false): void {
    this.#message.replaceChildren(message);
    this.#message.hidden = message === '';
    if (!again) return;
    const retry = h('button', { type: 'button', class: 'button small' }, texts.job.tryAgain);
    retry.addEventListener('click', () => {
      const source = this.#subject && sourceOf(this.#subject.files, this.#look);
      if (source) void this.#load(source, true);
    });
    this.#message.append(' ', retry);
  }
}

/** Longest wait in milliseconds for a picture to be seen. */
const longestWait = 2000;

/** Resolves when the browser has painted the picture, or it cannot be loaded or takes long. */
const painted = (image: HTMLImageElement): Promise<void> =>
  new Promise((resolve) => {
    window.setTimeout(resolve, longestWait);
    void image
      .decode()
      .catch(() => {})
      .then(() => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));
  });
