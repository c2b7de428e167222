import { ApiError } from '../api.ts';
import { confirmed, type Question } from '../confirm.ts';
import { fill, h, say } from '../dom.ts';
import { agoInWords, plural } from '../format.ts';
import { alertBox } from '../messages.ts';
import { jobPath } from '../router.ts';
import type { Page } from '../view.ts';
import { acceptedInWords, checkFile, type Photo } from './check.ts';
import { DraftKeeper } from './DraftKeeper.ts';
import { DropZone } from './DropZone.ts';
import { type Draft, forgetDraft, loadDraft, type Marks, saveDraft, withoutMasks } from './drafts.ts';
import type { Promised } from './submission.ts';
import type { Workbench } from './Workbench.ts';

/**
 * The workbench with its drawing library, in a separate chunk, which is needed only once there is a
 * photo.
 */
const loadWorkbench = () => import('./Workbench.ts');

const untouched: Marks = { boxes: [], selected: -1, options: null };

/** Accepts a photo, lets the user mark its objects, and submits it. */
export class UploadView {
  readonly element: HTMLElement;
  readonly #zone: DropZone;
  readonly #alerts = h('div', { class: 'notice' });
  readonly #restored = h('div', { class: 'notice', role: 'status' });
  readonly #unkept = h('p', { class: 'notice unkept', role: 'status' });
  readonly #workbenchSlot = h('div');
  readonly #keeper: DraftKeeper;
  readonly #userId: string;
  #workbench: Workbench | null = null;
  /** The id and the pending job of the current draft. */
  #draftId = '';
  #promised: Promised | null = null;
  /** Distinguishes a file chosen later from one that is still being checked. */
  #version = 0;

  constructor(private readonly page: Page) {
    this.#userId = page.userId;
    this.#zone = new DropZone(
      page.config.limits,
      (file) => void this.#choose(file),
      () => this.#refuse('Drop one photo at a time.'),
    );
    this.#keeper = new DraftKeeper(
      (draft) => this.#saved(draft),
      (isKept) =>
        say(
          this.#unkept,
          isKept
            ? ''
            : 'This browser has no room to keep your work. Make the meshes before you leave this page, or it is lost.',
        ),
    );
    this.element = h(
      'section',
      { class: 'upload', 'aria-labelledby': 'upload-title' },
      h('h1', { id: 'upload-title' }, 'Make meshes from a photo'),
      this.#alerts,
      this.#restored,
      this.#unkept,
      this.#zone.element,
      this.#workbenchSlot,
    );
    // Loads while the user looks for a photo. A failure is shown once there is one.
    loadWorkbench().catch(() => {});
    window.addEventListener('beforeunload', this.#closing);
    void this.#restore();
  }

  /** Resolves when the current draft is saved. */
  async keep(): Promise<void> {
    await this.#keeper.settled();
  }

  /** Returns what to ask before leaving this view: null if nothing would be lost. */
  leaving(): Question | null {
    if (!this.#workbench) return null;
    const { photo, isSending, list } = this.#workbench;
    if (isSending) {
      return {
        title: `Stop sending ${photo.name}?`,
        text: this.#keeper.isKept
          ? 'The photo has not arrived yet. It is kept here with its boxes.'
          : 'The photo has not arrived yet, and this browser has no room to keep it.',
        yes: 'Stop sending',
        no: 'Keep sending',
      };
    }
    if (this.#keeper.isKept || list.items.length === 0) return null;
    return {
      title: `Leave ${photo.name}?`,
      text: `This browser has no room to keep the photo and ${boxesInWords(list.items.length)}.`,
      yes: 'Leave it',
      no: 'Stay',
    };
  }

  destroy(): void {
    this.#version += 1;
    window.removeEventListener('beforeunload', this.#closing);
    this.#zone.destroy();
    this.#workbench?.destroy();
  }

  /** Makes the browser ask before closing the page interrupts an upload or loses unsaved work. */
  readonly #closing = (event: BeforeUnloadEvent): void => {
    if (this.leaving() || (this.#workbench?.list.items.length && !this.#keeper.isSettled))
      event.preventDefault();
  };

  /** Restores the draft that was saved. */
  async #restore(): Promise<void> {
    const draft = await loadDraft(this.#userId);
    if (!draft || this.#version > 0) return;
    if (await this.#wasSubmitted(draft)) {
      await forgetDraft(this.#userId, draft.id);
      return;
    }
    if (this.#version > 0) return;
    const checked = await this.#check(draft.file, draft.name);
    if (!checked) return;
    const boxes = draft.boxes.length > 0 ? ` with ${boxesInWords(draft.boxes.length)}` : '';
    const discard = h(
      'button',
      { type: 'button', class: 'button small', on: { click: () => void this.#discard() } },
      'Discard',
    );
    if (!(await this.#open(checked, draft))) return;
    fill(
      this.#restored,
      h(
        'div',
        { class: 'restored' },
        h(
          'p',
          {},
          `${draft.name}${boxes} is back, as you left it ${agoInWords(new Date(draft.savedAt).toISOString(), Date.now())}.`,
        ),
        discard,
      ),
    );
  }

  /** Whether the photo had arrived when the page was closed. */
  async #wasSubmitted({ promised }: Draft): Promise<boolean> {
    if (!promised) return false;
    // If the service cannot be reached now, it is asked before the photo is sent again.
    return loadWorkbench()
      .then(({ Submission }) => new Submission(this.page.api, promised).hasArrived())
      .catch(() => false);
  }

  /** Discards the draft after asking. */
  async #discard(): Promise<void> {
    const workbench = this.#workbench;
    if (!workbench || workbench.isSending || !(await this.#confirmDiscard(workbench, 'Discard'))) return;
    if (workbench !== this.#workbench) return;
    this.#show(null);
    await this.#forget();
    this.#zone.focus();
    this.page.announce('Discarded.');
  }

  /** Asks before boxes are discarded. */
  async #confirmDiscard({ photo, list }: Workbench, yes: string): Promise<boolean> {
    const count = list.items.length;
    if (count === 0) return true;
    return confirmed({
      title: `${yes} ${photo.name}?`,
      text: `The ${count === 1 ? 'box' : `${count} boxes`} on it ${count === 1 ? 'is' : 'are'} permanently discarded.`,
      yes,
    });
  }

  /** Accepts a photo that the user chose, in place of the current one. */
  async #choose(file: File): Promise<void> {
    if (this.#workbench?.isSending) {
      this.#refuse('A photo is being sent. Wait for it or cancel it first.');
      return;
    }
    const checked = await this.#check(file, file.name || 'pasted.png');
    if (!checked) return;
    const version = this.#version;
    const before = this.#workbench;
    if (before && !(await this.#confirmDiscard(before, 'Replace'))) return;
    if (version !== this.#version || this.#workbench?.isSending) return;
    await this.#forget();
    const options = before?.marks.options ?? null;
    const isOpen = await this.#open(checked, {
      ...untouched,
      options,
      id: crypto.randomUUID(),
      promised: null,
    });
    if (!isOpen || !this.#workbench) return;
    this.page.waker.photoChosen();
    this.#save();
    this.#workbench.focus();
    const { name, width, height } = checked;
    this.page.announce(`${name} is ready: ${width} by ${height} pixels. Draw or add boxes.`);
  }

  /** Returns the photo, or null after showing what is wrong with the file. */
  async #check(file: Blob, name: string): Promise<Photo | null> {
    this.#version += 1;
    const version = this.#version;
    const checked = await checkFile(file, name, this.page.config.limits);
    if (version !== this.#version) return null;
    if ('photo' in checked) return checked.photo;
    this.#refuse(checked.problem);
    return null;
  }

  /**
   * Shows the photo on a new workbench; false if another photo replaced it meanwhile or it cannot
   * be shown.
   */
  async #open(photo: Photo, start: Marks & Pick<Draft, 'id' | 'promised'>): Promise<boolean> {
    const version = this.#version;
    const loaded = await loadWorkbench().catch(() => null);
    if (version !== this.#version) return false;
    if (!loaded) {
      this.#refuse('Gen3D cannot be reached. Check the connection and choose the photo again.');
      return false;
    }
    const { config, api } = this.page;
    this.#draftId = start.id;
    this.#promised = start.promised;
    const submission = new loaded.Submission(api, start.promised, (promised) => {
      if (this.#workbench !== workbench) return;
      this.#promised = promised;
      this.#save();
    });
    const workbench: Workbench = new loaded.Workbench(photo, start, config, submission, {
      changed: () => this.#save(),
      another: () => this.#zone.choose(),
      submitted: (jobId) => void this.#submitted(jobId),
      escalated: (error) => this.#escalated(error),
      announce: (message) => this.page.announce(message),
    });
    this.#show(workbench);
    try {
      await workbench.ready();
      return version === this.#version;
    } catch {
      if (version !== this.#version) return false;
      this.#show(null);
      this.#refuse(
        `This photo cannot be shown: the file is damaged. Save it again as ${acceptedInWords(config.limits)}, or choose another one.`,
      );
      this.#zone.focus();
      return false;
    }
  }

  /** Saves the draft, without masks if there is no room for them. */
  async #saved(draft: Draft): Promise<void> {
    try {
      await saveDraft(this.#userId, draft);
      this.#workbench?.warnOfMasks('');
    } catch (error) {
      const smaller = withoutMasks(draft);
      if (!smaller) throw error;
      await saveDraft(this.#userId, smaller);
      this.#workbench?.warnOfMasks(
        'This browser has no room to keep the masks. Make the meshes before you leave this page, or the masks are lost.',
      );
    }
  }

  #save(): void {
    const workbench = this.#workbench;
    if (!workbench) return;
    const { file, name } = workbench.photo;
    const { marks } = workbench;
    this.#keeper.keep({
      ...marks,
      id: this.#draftId,
      file,
      name,
      savedAt: Date.now(),
      promised: this.#promised,
    });
  }

  async #forget(): Promise<void> {
    await this.#keeper.stop();
    await forgetDraft(this.#userId, this.#draftId);
    say(this.#unkept, '');
  }

  async #submitted(jobId: string): Promise<void> {
    this.#workbench?.destroy();
    this.#workbench = null;
    await this.#forget();
    this.page.go(jobPath(jobId));
  }

  #show(workbench: Workbench | null): void {
    this.#workbench?.destroy();
    this.#workbench = workbench;
    this.#alerts.replaceChildren();
    this.#restored.replaceChildren();
    this.#workbenchSlot.replaceChildren(...(workbench ? [workbench.element] : []));
    this.#zone.element.classList.toggle('visually-hidden', workbench !== null);
    this.#zone.element.inert = workbench !== null;
  }

  #refuse(message: string): void {
    this.#alerts.replaceChildren(alertBox(message));
  }

  #escalated(error: unknown): boolean {
    if (!(error instanceof ApiError) || error.kind !== 'session') return false;
    this.page.sessionEnded();
    return true;
  }
}

const boxesInWords = (count: number): string => plural(count, 'box', 'boxes');
