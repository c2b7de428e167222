import { h } from '../dom.ts';
import type { Question } from '../confirm.ts';
import { alertBox } from '../messages.ts';
import { texts } from '../texts/texts.ts';
import type { Page } from '../view.ts';
import { DropZone } from './DropZone.ts';
import { loadDrafts } from './drafts.ts';
import type { Desk } from './bench.ts';

const words = texts.upload.view;

/** The workbench and all about it, in a separate chunk, which is needed only once there is a photo. */
const loadBench = () => import('./bench.ts');

/** Accepts photos, lets the user mark their objects, and submits them. */
export class UploadView {
  readonly element: HTMLElement;
  readonly #zone: DropZone;
  readonly #notices = h('div', { class: 'notice' });
  readonly #slot = h('div');
  #desk: Desk | null = null;
  #isDestroyed = false;

  constructor(
    private readonly page: Page,
    /** Called when a job is submitted and this view stays. */
    private readonly submitted: () => void,
  ) {
    this.#zone = new DropZone(page.config.limits, (files, replaces) => void this.#take(files, replaces));
    this.element = h(
      'section',
      { class: 'upload', 'aria-labelledby': 'upload-title' },
      h('h1', { id: 'upload-title' }, words.title),
      this.#notices,
      this.#zone.element,
      this.#slot,
    );
    // Loads while the user looks for a photo. A failure is shown once there is one.
    loadBench().catch(() => {});
    void this.#restore();
  }

  /** Resolves when the drafts are saved. */
  async keep(): Promise<void> {
    await this.#desk?.keep();
  }

  /** Returns what to ask before leaving this view: null if nothing would be lost. */
  leaving(): Question | null {
    return this.#desk?.leaving() ?? null;
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#zone.destroy();
    this.#desk?.destroy();
  }

  async #restore(): Promise<void> {
    const drafts = (await loadDrafts(this.page.userId)).filter(({ from }) => from === undefined);
    if (drafts.length === 0) return;
    const desk = await this.#open().catch(() => null);
    await desk?.restore(drafts);
  }

  async #take(files: readonly File[], replaces: boolean): Promise<void> {
    const desk = await this.#open().catch(() => {
      if (!this.#isDestroyed) this.#notices.replaceChildren(alertBox(words.unreachable));
    });
    await desk?.add(files, replaces);
  }

  /** Returns the desk, or null once the view is closed. Rejects if it cannot be loaded. */
  async #open(): Promise<Desk | null> {
    const { Desk } = await loadBench();
    if (this.#isDestroyed) return null;
    if (this.#desk) return this.#desk;
    const desk = new Desk(this.page, {
      choose: (replaces) => this.#zone.choose(replaces),
      opened: (isOpen) => {
        this.#zone.element.classList.toggle('visually-hidden', isOpen);
        this.#zone.element.inert = isOpen;
      },
      submitted: this.submitted,
      emptied: () => this.#zone.focus(),
    });
    this.#desk = desk;
    this.#notices.replaceChildren(desk.notices);
    this.#slot.replaceChildren(desk.element);
    return desk;
  }
}
