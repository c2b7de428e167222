import '../styles/workbench.css';
import { BoxEditor } from '../boxes/BoxEditor.ts';
import { BoxList } from '../boxes/BoxList.ts';
import type { Config } from '../config.ts';
import { h, icon, say } from '../dom.ts';
import { bytesInWords, pixelsInWords, typeInWords } from '../format.ts';
import { alertBox } from '../messages.ts';
import { texts } from '../texts/texts.ts';
import { PhotoView } from '../zoom/PhotoView.ts';
import { ZoomBar } from '../zoom/ZoomBar.ts';
import type { Marks } from './drafts.ts';
import { ObjectMasks } from './ObjectMasks.ts';
import { ObjectPanel } from './ObjectPanel.ts';
import { OptionsPanel } from './OptionsPanel.ts';
import { readOptions } from './options.ts';
import { isBusy, type QueuedPhoto } from './PhotoQueue.ts';
import { SendingPanel } from './SendingPanel.ts';

const words = texts.upload.workbench;

export interface WorkbenchEvents {
  /** A box, the selection, or an option has changed. */
  changed(): void;
  /** The user submits the photo. Its options are valid. */
  send(): void;
  cancel(): void;
  /** The user wants another photo in place of this one, or further ones; null if that is not offered. */
  readonly choose: ((replaces: boolean) => void) | null;
  announce(message: string): void;
}

/** The editor of one photo: its boxes, their list and the options. */
export class Workbench {
  readonly element: HTMLElement;
  readonly list: BoxList;
  readonly id: string;
  readonly #url: string;
  readonly #image: HTMLImageElement;
  readonly #view: PhotoView;
  readonly #zoomBar: ZoomBar;
  readonly #stage: HTMLElement;
  readonly #panel: ObjectPanel;
  readonly #options: OptionsPanel;
  readonly #masks: ObjectMasks;
  readonly #sending: SendingPanel;
  readonly #submit: HTMLButtonElement;
  readonly #notice = h('div', { class: 'notice' });
  readonly #status = h('p', { class: 'status', role: 'status' });
  readonly #name: HTMLElement;
  readonly #stopWatching: () => void;
  readonly #maskWarning = h('p', { class: 'notice unkept', role: 'status' });
  #setDrawable: (view: PhotoView) => void = () => {};
  #editor: BoxEditor | null = null;
  #selected: string | null;
  /** The number of meshes that the button names. */
  #count = 0;
  #shown: QueuedPhoto['sending'] = { step: 'idle' };

  constructor(
    private readonly item: QueuedPhoto,
    config: Config,
    private readonly events: WorkbenchEvents,
  ) {
    const { photo } = item;
    this.id = item.id;
    this.list = new BoxList(photo, config.limits);
    this.list.begin(item.boxes);
    this.#selected = this.list.items[item.selected]?.id ?? null;
    this.#options = new OptionsPanel(item.options ?? undefined, () => events.changed());
    this.#name = h('h2', { title: photo.name, tabindex: '-1', dir: 'auto' }, photo.name);
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
    const drawable = new Promise<PhotoView>((resolve) => {
      this.#setDrawable = resolve;
    });
    this.#masks = new ObjectMasks(photo, this.list, drawable, {
      editing: (isOpen) => this.element.classList.toggle('is-masking', isOpen),
      closed: (id) => this.#panel.focusMask(id),
      showStatus: (message) => this.showStatus(message),
    });
    this.#panel = new ObjectPanel(this.list, photo.alpha, {
      chosen: (id) => this.#select(id),
      mask: (id) => {
        if (!this.#isBusy) void this.#masks.open(id);
      },
      added: (id) => this.#select(id, true),
      showStatus: (message) => this.showStatus(message),
    });
    this.#sending = new SendingPanel(
      () => events.cancel(),
      (message) => events.announce(message),
    );
    this.#submit = h('button', {
      type: 'button',
      class: 'button primary wide',
      on: { click: () => this.#send() },
    });
    this.element = this.#layout();
    this.#stopWatching = this.list.watch(() => {
      if (this.#selected !== null && !this.list.get(this.#selected)) this.#markSelected(null);
      this.#nameSubmit();
      this.#masks.show();
      events.changed();
    });
    this.#panel.mark(this.#selected);
    this.#nameSubmit();
    this.show(item.sending);
  }

  /**
   * Waits for the photo to decode, then enables drawing. Rejects if the browser cannot show the
   * photo.
   */
  async ready(): Promise<void> {
    await this.#image.decode();
    this.#editor = new BoxEditor(this.#view, this.list, {
      selected: (id) => this.#markSelected(id),
      label: (id) => this.#panel.focusLabel(id),
      showStatus: (message) => this.showStatus(message),
      lost: () => this.#panel.takeFocus(),
    });
    this.#editor.select(this.#selected);
    this.#panel.mark(this.#selected); // which scrolls the list, now that it is laid out
    this.#setDrawable(this.#view);
    this.#masks.show();
  }

  /** Selects a box, unless it was removed; with `focus` it takes the focus if the photo is decoded. */
  #select(id: string, focus = false): void {
    if (!this.list.get(id)) return;
    if (this.#editor) this.#editor.select(id, focus);
    else this.#markSelected(id);
  }

  #markSelected(id: string | null): void {
    if (id === this.#selected) return;
    this.#selected = id;
    this.#panel.mark(id);
    this.#masks.select(id);
    this.events.changed();
  }

  /** Focuses the photo's name, which the boxes follow. */
  focus(): void {
    this.#name.focus({ preventScroll: true });
  }

  /** Opens the mask of the first object for editing, if it has one. */
  openMask(): void {
    const [first] = this.list.items;
    if (first?.mask) void this.#masks.open(first.id);
  }

  get marks(): Marks {
    return {
      boxes: this.list.items.map(({ id: _, ...marking }) => marking),
      selected: this.list.numberOf(this.#selected ?? '') - 1,
      options: this.#options.draft,
    };
  }

  get #isBusy(): boolean {
    return isBusy({ ...this.item, sending: this.#shown });
  }

  destroy(): void {
    this.#stopWatching();
    this.#masks.destroy();
    this.#panel.destroy();
    this.#editor?.destroy();
    this.#zoomBar.destroy();
    this.#view.destroy();
    URL.revokeObjectURL(this.#url);
  }

  #layout(): HTMLElement {
    return h(
      'div',
      { class: 'workbench' },
      h(
        'div',
        { class: 'bench-photo' },
        this.#head(),
        this.#stage,
        this.#masks.bar,
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
        this.#sending.element,
        this.#submit,
      ),
    );
  }

  #head(): HTMLElement {
    const { width, height, type, file } = this.item.photo;
    const { choose } = this.events;
    const button = (text: string, replaces: boolean): HTMLElement | null =>
      choose &&
      h('button', { type: 'button', class: 'button small', on: { click: () => choose(replaces) } }, text);
    return h(
      'div',
      { class: 'bench-head' },
      h(
        'div',
        { class: 'bench-name' },
        this.#name,
        h('span', {}, `${pixelsInWords(width, height)} · ${typeInWords(type)} · ${bytesInWords(file.size)}`),
      ),
      h('div', { class: 'bench-choose' }, button(words.other, true), button(words.more, false)),
    );
  }

  #nameSubmit(): void {
    const count = Math.max(1, this.list.items.length);
    if (count === this.#count) return;
    this.#count = count;
    this.#submit.replaceChildren(icon('cube'), words.make(count));
  }

  /** Tells what becomes of the masks in the draft; nothing if they are kept. */
  warnOfMasks(warning: string): void {
    say(this.#maskWarning, warning);
  }

  showStatus(message: string): void {
    say(this.#status, message);
  }

  #send(): void {
    if (this.#isBusy || !this.checkOptions()) return;
    this.#masks.close();
    this.events.send();
  }

  /** Whether the options are valid; if not, shows which are wrong. */
  checkOptions(): boolean {
    const options = readOptions(this.#options.draft);
    this.#options.showProblem('problem' in options ? options : null);
    return !('problem' in options);
  }

  /** Shows how far the submission is. Meanwhile boxes and options cannot be changed. */
  show(sending: QueuedPhoto['sending']): void {
    if (sending === this.#shown) return;
    const wasBusy = this.#isBusy;
    this.#shown = sending;
    this.#sending.show(sending);
    if (wasBusy !== this.#isBusy) this.#showBusy(!wasBusy);
    if (sending.step !== 'failed') this.#notice.replaceChildren();
    else
      this.#notice.replaceChildren(alertBox(sending.message, { text: words.again, run: () => this.#send() }));
  }

  #showBusy(isBusyNow: boolean): void {
    const hadFocus = this.element.contains(document.activeElement);
    const wasCancel = this.#sending.element.contains(document.activeElement);
    if (isBusyNow) this.#masks.close();
    this.element.classList.toggle('is-sending', isBusyNow);
    for (const part of [this.#stage, this.#panel.element, this.#options.element]) part.inert = isBusyNow;
    this.#sending.element.hidden = !isBusyNow;
    if (isBusyNow && hadFocus) this.#sending.focus();
    this.#submit.hidden = isBusyNow;
    if (!isBusyNow && wasCancel) this.#submit.focus({ preventScroll: true });
  }
}
