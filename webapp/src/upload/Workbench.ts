import '../styles/workbench.css';
import { BoxEditor } from '../boxes/BoxEditor.ts';
import { BoxList } from '../boxes/BoxList.ts';
import { unreachable } from '../api.ts';
import type { Config } from '../config.ts';
import { h, icon, say } from '../dom.ts';
import { bytesInWords, pixelsInWords, plural, typeInWords } from '../format.ts';
import type { MaskLayer, MaskTool, NetworkFinder } from '../masks/tools.ts';
import { messageOf, alertBox } from '../messages.ts';
import { texts } from '../texts/texts.ts';
import { PhotoView } from '../zoom/PhotoView.ts';
import { ZoomBar } from '../zoom/ZoomBar.ts';
import type { Photo } from './check.ts';
import type { Marks } from './drafts.ts';
import { ObjectPanel } from './ObjectPanel.ts';
import { OptionsPanel } from './OptionsPanel.ts';
import { untilReached } from './retry.ts';
import type { Progress, SentObject, Submission } from './submission.ts';

export { Submission } from './submission.ts';

export interface WorkbenchEvents {
  /** A box, the selection, or an option has changed. */
  changed(): void;
  /** The user wants another photo. */
  another(): void;
  /** The job is submitted. */
  submitted(jobId: string): void;
  /** Handles an error that concerns the whole page; returns true if it did. */
  escalated(error: unknown): boolean;
  announce(message: string): void;
}

const waitingInWords =
  'Gen3D cannot be reached. The page retries automatically until the photo is sent, you cancel, or you close the page.';

/** The tool for masks, in a separate chunk, which is needed only for a mask. */
const loadMaskTools = () => import('../masks/tools.ts');

/** The editor of one photo: its boxes, their list, the options, and the submission. */
export class Workbench {
  readonly element: HTMLElement;
  readonly list: BoxList;
  readonly #url: string;
  readonly #image: HTMLImageElement;
  readonly #view: PhotoView;
  readonly #zoomBar: ZoomBar;
  readonly #stage: HTMLElement;
  readonly #panel: ObjectPanel;
  readonly #options: OptionsPanel;
  readonly #submit: HTMLButtonElement;
  readonly #notice = h('div', { class: 'notice' });
  readonly #status = h('p', { class: 'status', role: 'status' });
  readonly #sending = h('div', { class: 'sending', hidden: true });
  readonly #name: HTMLElement;
  readonly #stopWatching: () => void;
  readonly #maskSlot = h('div', { class: 'mask-slot' });
  readonly #maskWarning = h('p', { class: 'notice unkept', role: 'status' });
  #editor: BoxEditor | null = null;
  #finder: NetworkFinder | null = null;
  #layer: MaskLayer | null = null;
  #tool: MaskTool | null = null;
  #isDestroyed = false;
  /** The number of meshes that the button names. */
  #count = 0;
  #upload: AbortController | null = null;

  constructor(
    readonly photo: Photo,
    private readonly start: Marks,
    config: Config,
    private readonly submission: Submission,
    private readonly events: WorkbenchEvents,
  ) {
    this.list = new BoxList(photo, config.limits);
    this.list.begin(start.boxes);
    this.#options = new OptionsPanel(start.options, () => events.changed());
    this.#name = h('h2', { title: photo.name, tabindex: '-1' }, photo.name);
    this.#url = URL.createObjectURL(photo.file);
    this.#image = h('img', { src: this.#url, alt: texts.boxes.photo, draggable: 'false' });
    this.#view = new PhotoView(this.#image, photo);
    this.#zoomBar = new ZoomBar(this.#view);
    this.#stage = h(
      'div',
      { class: `bench-stage${photo.alpha ? ' has-alpha' : ''}` },
      this.#view.element,
      this.#zoomBar.element,
    );
    this.#panel = new ObjectPanel(this.list, photo.alpha, {
      chosen: (id) => this.#editor?.select(id),
      mask: (id) => void this.#openMask(id),
      added: (id) => this.#editor?.select(id, true),
      showStatus: (message) => this.#showStatus(message),
    });
    this.#submit = h('button', {
      type: 'button',
      class: 'button primary wide',
      on: { click: () => void this.#send() },
    });
    this.element = this.#layout();
    this.#stopWatching = this.list.watch(() => {
      this.#nameSubmit();
      this.#showMasks();
      events.changed();
    });
    this.#nameSubmit();
  }

  /**
   * Waits for the photo to decode, then enables drawing. Rejects if the browser cannot show the
   * photo.
   */
  async ready(): Promise<void> {
    await this.#image.decode();
    this.#editor = new BoxEditor(this.#view, this.list, {
      selected: (id) => {
        this.#panel.mark(id);
        this.events.changed();
      },
      label: (id) => this.#panel.focusLabel(id),
      showStatus: (message) => this.#showStatus(message),
      lost: () => this.#panel.takeFocus(),
    });
    this.#editor.select(this.list.items[this.start.selected]?.id ?? null);
    this.#showMasks();
  }

  /** Focuses the photo's name, which the boxes follow. */
  focus(): void {
    this.#name.focus({ preventScroll: true });
  }

  /** Whether an upload is in progress. */
  get isSending(): boolean {
    return this.#upload !== null;
  }

  get marks(): Marks {
    return {
      boxes: this.list.items.map(({ id: _, ...marking }) => marking),
      selected: this.list.numberOf(this.#editor?.selected ?? '') - 1,
      options: this.#options.draft,
    };
  }

  destroy(): void {
    this.#upload?.abort();
    this.#isDestroyed = true;
    this.#stopWatching();
    this.#tool?.destroy();
    this.#layer?.destroy();
    this.#finder?.close();
    this.#panel.destroy();
    this.#editor?.destroy();
    this.#zoomBar.destroy();
    this.#view.destroy();
    URL.revokeObjectURL(this.#url);
  }

  #layout(): HTMLElement {
    const { width, height, type, file } = this.photo;
    const another = h(
      'button',
      { type: 'button', class: 'button small', on: { click: () => this.events.another() } },
      'Other photo',
    );
    return h(
      'div',
      { class: 'workbench' },
      h(
        'div',
        { class: 'bench-photo' },
        h(
          'div',
          { class: 'bench-head' },
          h(
            'div',
            { class: 'bench-name' },
            this.#name,
            h(
              'span',
              {},
              `${pixelsInWords(width, height)} · ${typeInWords(type)} · ${bytesInWords(file.size)}`,
            ),
          ),
          another,
        ),
        this.#stage,
        this.#maskSlot,
        h(
          'p',
          { class: 'bench-hint', id: 'box-keys' },
          h('span', { class: 'pointer-only' }, texts.boxes.keys),
          h('span', { class: 'touch-only' }, texts.boxes.touch),
        ),
        this.#status,
      ),
      h(
        'div',
        { class: 'bench-side' },
        this.#panel.element,
        this.#options.element,
        this.#maskWarning,
        this.#notice,
        this.#sending,
        this.#submit,
      ),
    );
  }

  #nameSubmit(): void {
    const count = Math.max(1, this.list.items.length);
    if (count === this.#count) return;
    this.#count = count;
    this.#submit.replaceChildren(icon('cube'), `Make ${plural(count, 'mesh', 'meshes')}`);
  }

  /** Tells what becomes of the masks in the draft; nothing if they are kept. */
  warnOfMasks(warning: string): void {
    say(this.#maskWarning, warning);
  }

  /** Opens the tool for the mask of an object. */
  async #openMask(id: string): Promise<void> {
    if (this.#tool?.id === id || this.#upload) return;
    const tools = await loadMaskTools().catch(() => null);
    if (!tools) {
      this.#showStatus('Gen3D cannot be reached. Check the connection and open the mask again.');
      return;
    }
    if (this.#isDestroyed || !this.list.get(id)) return;
    this.#tool?.destroy();
    this.#finder ??= new tools.NetworkFinder(this.photo.file, this.photo);
    this.#tool = new tools.MaskTool(this.#view, this.list, id, this.#finder, {
      showStatus: (message) => this.#showStatus(message),
      closed: () => {
        this.#closeMask();
        this.#panel.focusMask(id);
      },
    });
    this.element.classList.add('is-masking');
    this.#maskSlot.replaceChildren(this.#tool.bar);
    this.#showMasks();
    this.#tool.begin();
  }

  #closeMask(): void {
    this.#tool?.destroy();
    this.#tool = null;
    this.element.classList.remove('is-masking');
    this.#maskSlot.replaceChildren();
    this.#showMasks();
  }

  /** Shows the masks of all objects, except of the one whose mask is open. */
  #showMasks(): void {
    if (!this.#editor || (!this.#layer && !this.list.items.some(({ mask }) => mask))) return;
    loadMaskTools().then(
      ({ MaskLayer }) => {
        if (this.#isDestroyed) return;
        this.#layer ??= new MaskLayer(this.#view, this.list.size);
        this.#layer.show(this.list.items, this.#tool?.id ?? null);
      },
      () => this.#showStatus('Gen3D cannot be reached, so that the masks are not shown.'),
    );
  }

  #showStatus(message: string): void {
    say(this.#status, message);
  }

  async #send(): Promise<void> {
    if (this.#upload) return;
    const options = this.#options.read();
    if (!options) return;
    const upload = new AbortController();
    this.#upload = upload;
    const show = this.#showSending(upload);
    this.#notice.replaceChildren();
    try {
      this.#closeMask();
      const { photo, submission } = this;
      const objects = await this.#objects();
      const jobId = await untilReached(
        () => submission.send(photo, objects, options, show, upload.signal),
        () => show({ step: 'waiting' }),
        upload.signal,
      );
      this.events.submitted(jobId);
    } catch (error) {
      if (upload.signal.aborted) {
        this.submission.forget();
        this.#showStatus('Upload canceled. Your boxes are kept.');
      } else if (!this.events.escalated(error)) {
        this.#notice.replaceChildren(
          alertBox(messageOf(error), { text: 'Try again', run: () => void this.#send() }),
        );
      }
    } finally {
      if (this.#upload === upload) this.#upload = null;
      this.#hideSending();
    }
  }

  /** The objects as they are sent, with the files of their masks. */
  async #objects(): Promise<SentObject[]> {
    const objects: SentObject[] = [];
    // One after the other: encoding the mask of a large photo takes much memory.
    for (const { box, label, points, mask } of this.list.items) {
      if (!mask) {
        objects.push({ box, label, points });
        continue;
      }
      const { grayPng } = await loadMaskTools().catch(() => Promise.reject(unreachable()));
      objects.push({ box, label, points, mask: await grayPng(mask) });
    }
    return objects;
  }

  /** Replaces the button with the progress bar and returns the function that updates it. */
  #showSending(upload: AbortController): (progress: Progress | { readonly step: 'waiting' }) => void {
    const bar = h('progress', { max: 1, 'aria-label': 'Upload' });
    const text = h('span', {}, 'Preparing…');
    const cancel = h(
      'button',
      { type: 'button', class: 'button small', on: { click: () => upload.abort() } },
      'Cancel',
    );
    this.#sending.replaceChildren(h('div', { class: 'sending-line' }, text, cancel), bar);
    this.#sending.hidden = false;
    if (this.element.contains(document.activeElement)) cancel.focus({ preventScroll: true });
    this.#submit.hidden = true;
    this.#setSending(true);
    this.events.announce('Sending the photo.');
    return (progress) => {
      bar.hidden = progress.step === 'waiting';
      if (progress.step === 'waiting') {
        if (text.textContent !== waitingInWords) this.events.announce(waitingInWords);
        say(text, waitingInWords);
        return;
      }
      // Between two attempts the text stays as it is until something is sent.
      if (progress.step === 'asking') return;
      const percent = Math.floor(progress.share * 100);
      bar.value = progress.share;
      say(text, progress.share < 1 ? `Sending the photo… ${percent}%` : 'Sent. Waiting for the storage…');
    };
  }

  #hideSending(): void {
    const hadFocus = this.#sending.contains(document.activeElement);
    this.#setSending(false);
    this.#submit.hidden = false;
    if (hadFocus) this.#submit.focus({ preventScroll: true });
    this.#sending.hidden = true;
    this.#sending.replaceChildren();
  }

  /** While the photo is sent, the submitted boxes and options cannot be changed. */
  #setSending(isSending: boolean): void {
    this.element.classList.toggle('is-sending', isSending);
    for (const part of [this.#stage, this.#panel.element, this.#options.element]) part.inert = isSending;
  }
}
