import { ApiError } from '../api.ts';
import { confirmed, type Question } from '../confirm.ts';
import { fill, h, say } from '../dom.ts';
import { agoInWords } from '../format.ts';
import { alertBox } from '../messages.ts';
import { jobPath } from '../router.ts';
import { texts } from '../texts/texts.ts';
import type { Page } from '../view.ts';
import { checkFile } from './check.ts';
import { checkChosen } from './chosen.ts';
import { deliver } from './deliver.ts';
import { type Draft, forgetDrafts } from './drafts.ts';
import type { Submitted } from './Earlier.ts';
import { KeptPhotos } from './KeptPhotos.ts';
import { acceptedInWords } from './limits.ts';
import { PhotoQueue, type QueuedPhoto, isBusy, isSent, mostPhotos } from './PhotoQueue.ts';
import { PhotoStrip } from './PhotoStrip.ts';
import { Sender } from './Sender.ts';
import { Submission } from './submission.ts';
import { Workbench } from './Workbench.ts';

const words = texts.upload.desk;

export interface DeskEvents {
  /** The user wants another photo in place of the open one, or further ones; null if not offered. */
  readonly choose: ((replaces: boolean) => void) | null;
  /** A photo is open, or none any more. */
  opened(isOpen: boolean): void;
  /** A job was submitted, and this view stays. */
  submitted(): void;
  /** The last photo was discarded, or cannot be shown because it is damaged. */
  emptied(isDamaged: boolean): void;
}

/** The photos that are not submitted yet: the one that is open, the strip of all, and their drafts. */
export class Desk {
  /** Messages about the photos, to be placed above them. */
  readonly notices: HTMLElement;
  readonly element: HTMLElement;
  readonly #queue = new PhotoQueue();
  readonly #sender: Sender;
  readonly #kept: KeptPhotos;
  readonly #strip: PhotoStrip;
  readonly #alerts = h('div', { class: 'notice' });
  readonly #restored = h('div', { class: 'notice', role: 'status' });
  readonly #unkept = h('p', { class: 'notice unkept', role: 'status' });
  readonly #slot = h('div');
  readonly #userId: string;
  #workbench: Workbench | null = null;
  #isDestroyed = false;

  constructor(
    private readonly page: Page,
    private readonly events: DeskEvents,
  ) {
    this.#userId = page.userId;
    this.#kept = new KeptPhotos(this.#userId, this.#queue, {
      kept: (isKept) => say(this.#unkept, isKept ? '' : words.noRoom),
      masksKept: (id, areKept) => {
        if (this.#workbench?.id === id) this.#workbench.warnOfMasks(areKept ? '' : words.noRoomForMasks);
      },
    });
    this.#sender = new Sender(this.#queue, {
      deliver: (item, progress, signal) =>
        deliver(page.api, item, (promised) => this.#change(item.id, { promised }), progress, signal),
      canceled: (id) => this.#canceled(id),
      escalated: (error) => this.#escalated(error),
      sent: (id, jobId) => void this.#sent(id, jobId),
    });
    this.#strip = new PhotoStrip(this.#queue, {
      open: (id) => void this.#choose(id),
      remove: (id) => void this.#askToRemove(id),
      sendAll: () => this.#sendAll(),
      stop: () => this.#sender.cancelAll(),
    });
    this.#queue.watch(() => this.#showSending());
    this.notices = h('div', { class: 'desk-notices' }, this.#alerts, this.#restored, this.#unkept);
    this.element = h('div', { class: 'desk' }, this.#strip.element, this.#slot);
    window.addEventListener('beforeunload', this.#closing);
  }

  /** Resolves when the drafts are saved. */
  async keep(): Promise<void> {
    await this.#kept.settled();
  }

  /** Returns what to ask before leaving: null if nothing would be lost. */
  leaving(): Question | null {
    const { unsent } = this.#queue;
    const busy = unsent.filter(isBusy);
    const { isKept } = this.#kept;
    if (busy.length > 0) return words.stopSending(busy.length, busy[0]?.photo.name ?? '', isKept);
    const boxes = unsent.reduce((sum, item) => sum + item.boxes.length, 0);
    if (isKept || boxes === 0) return null;
    return words.leave(unsent.length, unsent[0]?.photo.name ?? '', boxes);
  }

  destroy(): void {
    this.#isDestroyed = true;
    window.removeEventListener('beforeunload', this.#closing);
    this.#sender.cancelAll();
    this.#strip.destroy();
    this.#workbench?.destroy();
  }

  /**
   * Makes the browser ask before closing the page interrupts an upload, loses unsaved work or brings
   * a removed photo back.
   */
  readonly #closing = (event: BeforeUnloadEvent): void => {
    const { isSettled, isForgetting } = this.#kept;
    const hasBoxes = this.#queue.unsent.some(({ boxes }) => boxes.length > 0);
    if (this.leaving() || (hasBoxes && !isSettled) || isForgetting) event.preventDefault();
  };

  /** Adds photos that the user chose and opens the first; with `replaces`, in place of the open one. */
  async add(files: readonly File[], replaces = false): Promise<void> {
    const replaced = replaces ? this.#queue.open : null;
    if (replaced && isBusy(replaced)) {
      this.refuse(words.isSending);
      return;
    }
    const { room, open } = this.#queue;
    const taken = files.slice(0, replaced ? 1 : room);
    const { photos, problems } = await checkChosen(taken, this.page.config.limits);
    if (this.#isDestroyed) return;
    const added = photos.map(
      (photo, at): QueuedPhoto => ({
        id: crypto.randomUUID(),
        photo,
        addedAt: replaced?.addedAt ?? Date.now() + at,
        promised: null,
        sending: { step: 'idle' },
        boxes: [],
        selected: -1,
        options: open?.options ?? null,
      }),
    );
    if (added.length > 0 && replaced && !(await this.#confirmDiscard(replaced, words.replace))) return;
    if (this.#isDestroyed) return;
    const left = replaced ? 0 : files.length - taken.length;
    this.refuse(...(left > 0 ? [words.tooMany(mostPhotos, left)] : []), ...problems);
    const [first] = added;
    if (!first) return;
    this.#restored.replaceChildren();
    this.#queue.clearSent();
    if (replaced) await this.#remove(replaced.id);
    for (const item of added) {
      this.#queue.add(item);
      this.#kept.keep(item.id);
    }
    this.page.waker.photoChosen();
    const opening = this.#open(first.id);
    this.#workbench?.focus();
    if (!(await opening)) return;
    const { name, width, height } = first.photo;
    this.page.announce(words.ready(name, width, height, added.length - 1));
  }

  /**
   * Adds photos with what was marked on them, opens the last changed, and says that they are back;
   * false if there is none that can be shown.
   */
  async restore(drafts: readonly Draft[]): Promise<boolean> {
    const restored: Draft[] = [];
    for (const draft of drafts) {
      if (await this.#wasSubmitted(draft)) {
        await forgetDrafts(this.#userId, draft.id);
        continue;
      }
      const checked = await checkFile(draft.file, draft.name, this.page.config.limits);
      if (this.#isDestroyed) return true;
      if ('problem' in checked) {
        this.refuse(checked.problem);
        continue;
      }
      restored.push(draft);
      const { from } = draft;
      this.#queue.add({
        ...draft,
        photo: from === undefined ? checked.photo : { ...checked.photo, from },
        addedAt: draft.addedAt ?? draft.savedAt,
        sending: { step: 'idle' },
      });
    }
    const last = [...restored].sort((a, b) => b.savedAt - a.savedAt)[0];
    if (!last) return false;
    if (!this.#queue.open && (await this.#open(last.id))) this.#sayRestored(restored, last.savedAt);
    return true;
  }

  /**
   * Opens an earlier job's photo with what was marked on it; with `isOne`, which is about one object,
   * also the mask of that.
   */
  async begin(id: string, { photo, ...marks }: Submitted, isOne: boolean): Promise<void> {
    this.#queue.add({ ...marks, id, photo, addedAt: Date.now(), promised: null, sending: { step: 'idle' } });
    const opening = this.#open(id);
    this.#workbench?.focus();
    if ((await opening) && isOne) this.#workbench?.openMask(); // which takes the focus
  }

  /** Shows messages about files that are refused; none removes them. */
  refuse(...messages: readonly string[]): void {
    const [first, ...others] = messages;
    if (first === undefined) this.#alerts.replaceChildren();
    else this.#alerts.replaceChildren(alertBox([first, ...others].join('\n')));
  }

  #sayRestored(drafts: readonly Draft[], savedAt: number): void {
    const [first] = drafts;
    if (!first) return;
    const ago = agoInWords(new Date(savedAt).toISOString(), Date.now());
    const text =
      drafts.length === 1
        ? words.back(first.name, first.boxes.length, ago)
        : words.allBack(drafts.length, ago);
    const discard = h(
      'button',
      { type: 'button', class: 'button small', on: { click: () => void this.#discardAll() } },
      drafts.length === 1 ? words.discard : words.discardAll,
    );
    fill(this.#restored, h('div', { class: 'restored' }, h('p', {}, text), discard));
  }

  /** Whether the photo had arrived when the page was closed. */
  async #wasSubmitted({ promised }: Draft): Promise<boolean> {
    if (!promised) return false;
    // If the service cannot be reached now, it is asked before the photo is sent again.
    return new Submission(this.page.api, promised).hasArrived().catch(() => false);
  }

  /** Opens a photo of the strip. */
  async #choose(id: string): Promise<void> {
    if (id === this.#queue.open?.id) return;
    const opening = this.#open(id);
    this.#strip.focus();
    if (await opening) this.#kept.keep(id);
  }

  /**
   * Shows a photo on the workbench at once and waits until it is decoded; false if another photo
   * replaced it meanwhile or it cannot be shown. The focus is moved before the wait, during which the
   * user can move it elsewhere.
   */
  async #open(id: string): Promise<boolean> {
    const item = this.#queue.get(id);
    if (!item) return false;
    const workbench = new Workbench(item, this.page.config, {
      changed: () => {
        if (this.#workbench === workbench) this.#change(id, workbench.marks);
      },
      send: () => this.#send(id),
      cancel: () => this.#sender.cancel(id),
      choose: this.events.choose,
      announce: (message) => this.page.announce(message),
    });
    this.#show(workbench);
    try {
      await workbench.ready();
      return this.#workbench === workbench;
    } catch {
      if (this.#workbench !== workbench) return false;
      const fromStrip = this.#strip.element.contains(document.activeElement);
      const removing = this.#remove(id);
      this.refuse(words.damaged(item.photo.name, acceptedInWords(this.page.config.limits)));
      const opening = this.#openNext(0, true);
      if (fromStrip) this.#focusPhotos();
      await Promise.all([removing, opening]);
      return false;
    }
  }

  #show(workbench: Workbench | null): void {
    const isOpening = this.#workbench?.id !== workbench?.id;
    this.#workbench?.destroy();
    this.#workbench = workbench;
    if (isOpening) this.#queue.choose(workbench?.id ?? null);
    this.#slot.replaceChildren(...(workbench ? [workbench.element] : []));
    this.events.opened(workbench !== null);
  }

  /** Opens the next photo that is not sent, from this position on, or none. */
  async #openNext(index: number, isDamaged = false): Promise<void> {
    const hadFocus = this.#slot.contains(document.activeElement);
    const next = this.#queue.after(index);
    if (next) {
      const opening = this.#open(next.id);
      if (hadFocus) this.#workbench?.focus();
      await opening;
    } else {
      this.#show(null);
      this.#restored.replaceChildren();
      if (this.#queue.items.length === 0) this.events.emptied(isDamaged);
      else this.#strip.focus();
    }
  }

  /** Focuses the strip, or the name of the only photo, after the focused tile was removed. */
  #focusPhotos(): void {
    if (this.#strip.element.hidden) this.#workbench?.focus();
    else this.#strip.focus();
  }

  /** Changes what is known of a photo and saves its draft. */
  #change(id: string, change: Partial<QueuedPhoto>): void {
    if (this.#isDestroyed) return;
    this.#queue.change(id, change);
    this.#kept.keep(id);
  }

  #send(id: string): void {
    this.page.announce(words.sending(1));
    this.#sender.send([id], this.#queue.unsent.length > 1);
  }

  #sendAll(): void {
    const waiting = this.#queue.unsent.filter((item) => !isBusy(item));
    if (
      this.#workbench &&
      waiting.some(({ id }) => id === this.#workbench?.id) &&
      !this.#workbench.checkOptions()
    )
      return;
    this.page.announce(words.sending(waiting.length));
    this.#sender.send(
      waiting.map(({ id }) => id),
      true,
    );
  }

  #showSending(): void {
    const { open } = this.#queue;
    if (open && this.#workbench?.id === open.id) this.#workbench.show(open.sending);
  }

  #canceled(id: string): void {
    const promised = this.#queue.get(id)?.promised ?? null;
    new Submission(this.page.api, promised, () => this.#change(id, { promised: null })).forget();
    if (this.#workbench?.id === id) this.#workbench.showStatus(words.canceled);
  }

  #escalated(error: unknown): boolean {
    if (!(error instanceof ApiError) || error.kind !== 'session') return false;
    this.page.sessionEnded();
    return true;
  }

  async #sent(id: string, jobId: string): Promise<void> {
    const { items } = this.#queue;
    const index = items.findIndex((item) => item.id === id);
    const isOnly = items.length === 1;
    const wasOpen = this.#workbench?.id === id;
    if (isOnly) {
      this.#workbench?.destroy();
      this.#workbench = null;
    }
    await this.#kept.forget(id);
    if (this.#isDestroyed) return;
    if (isOnly) this.page.go(jobPath(jobId));
    else this.events.submitted();
    if (!isOnly && wasOpen && this.#workbench?.id === id) await this.#openNext(index);
    if (this.#queue.unsent.length === 0) this.page.announce(words.allSent(items.length));
  }

  /** Removes a photo after asking. */
  async #askToRemove(id: string): Promise<void> {
    const item = this.#queue.get(id);
    if (!item || isBusy(item) || (!isSent(item) && !(await this.#confirmDiscard(item, words.remove)))) return;
    const at = this.#queue.items.findIndex((other) => other.id === id);
    const wasOpen = this.#queue.open?.id === id;
    const removing = this.#remove(id);
    const opening = wasOpen ? this.#openNext(at) : null;
    this.#focusPhotos();
    this.page.announce(words.removed(item.photo.name));
    await Promise.all([removing, opening]);
  }

  /** Discards all photos after asking. */
  async #discardAll(): Promise<void> {
    const { unsent } = this.#queue;
    const boxes = unsent.reduce((sum, item) => sum + item.boxes.length, 0);
    const [first] = unsent;
    if (!first || unsent.some(isBusy)) return;
    if (
      unsent.length === 1
        ? !(await this.#confirmDiscard(first, words.discard))
        : !(await confirmed(words.askDiscardAll(unsent.length, boxes)))
    )
      return;
    if (this.#queue.unsent.some(isBusy)) return;
    this.#show(null);
    this.#restored.replaceChildren();
    await Promise.all(unsent.map(({ id }) => this.#remove(id)));
    this.events.emptied(false);
    this.page.announce(words.discarded);
  }

  /** Removes a photo from the queue at once, and then its draft. */
  async #remove(id: string): Promise<void> {
    this.#queue.remove(id);
    await this.#kept.forget(id);
  }

  /** Asks before boxes are discarded. */
  async #confirmDiscard({ photo, boxes }: QueuedPhoto, yes: string): Promise<boolean> {
    return boxes.length === 0 || confirmed(words.askDiscard(yes, photo.name, boxes.length));
  }
}
