import { h } from '../dom.ts';
import { alertBox } from '../messages.ts';
import { ApiError } from '../api.ts';
import { jobPath } from '../router.ts';
import type { Page } from '../view.ts';
import { acceptedInWords, checkFile } from './check.ts';
import { DropZone } from './DropZone.ts';
import { type Draft, keepDraft, takeDraft } from './drafts.ts';
import { Submission } from './submission.ts';
import type { Workbench } from './Workbench.ts';

/** The bench with its drawing library, a chunk of its own: nothing before a photo needs it. */
const bench = () => import('./Workbench.ts');

/** Takes a photo in, lets the user mark its objects, and submits it. */
export class UploadView {
  readonly element: HTMLElement;
  readonly #zone: DropZone;
  readonly #alerts = h('div', { class: 'notice' });
  readonly #bench = h('div');
  #workbench: Workbench | null = null;
  /** Tells a file chosen later from one that is still being checked. */
  #version = 0;

  constructor(private readonly page: Page) {
    this.#zone = new DropZone(
      page.config.limits,
      (file) => void this.#take(file, file.name || 'pasted.png', []),
      () => this.#refuse('Drop one photo at a time.'),
    );
    this.element = h(
      'section',
      { class: 'upload', 'aria-labelledby': 'upload-title' },
      h('h1', { id: 'upload-title' }, 'Make meshes from a photo'),
      this.#alerts,
      this.#zone.element,
      this.#bench,
    );
    // Fetched while the user looks for a photo. A failure is told when there is one.
    bench().catch(() => {});
    void this.#restore();
  }

  /** Keeps what is on the bench while the user signs in again. */
  async keep(): Promise<void> {
    if (this.#workbench) await keepDraft(this.#workbench.draft);
  }

  destroy(): void {
    this.#version += 1;
    this.#zone.destroy();
    this.#workbench?.destroy();
  }

  /** Puts a draft back on the bench that was kept during a sign-in. */
  async #restore(): Promise<void> {
    const draft = await takeDraft();
    if (draft && this.#version === 0) await this.#take(draft.file, draft.name, draft.boxes);
  }

  async #take(file: Blob, name: string, boxes: Draft['boxes']): Promise<void> {
    if (this.#workbench?.isSending) {
      this.#refuse('A photo is being sent. Wait for it or cancel it first.');
      return;
    }
    this.#version += 1;
    const version = this.#version;
    const { config } = this.page;
    const [checked, loaded] = await Promise.all([
      checkFile(file, name, config.limits),
      bench().catch(() => null),
    ]);
    if (version !== this.#version) return;
    if ('problem' in checked) {
      this.#refuse(checked.problem);
      return;
    }
    if (!loaded) {
      this.#refuse('Gen3D cannot be reached. Check the connection and choose the photo again.');
      return;
    }
    const workbench = new loaded.Workbench(checked.photo, boxes, config, new Submission(this.page.api), {
      another: () => this.#zone.choose(),
      submitted: (jobId) => this.page.go(jobPath(jobId)),
      escalated: (error) => this.#escalated(error),
      announce: (message) => this.page.announce(message),
    });
    this.#show(workbench);
    try {
      await workbench.ready();
    } catch {
      if (version !== this.#version) return;
      this.#show(null);
      this.#refuse(
        `This photo cannot be shown: the file is damaged. Save it again as ${acceptedInWords(config.limits)}, or choose another one.`,
      );
    }
  }

  #show(workbench: Workbench | null): void {
    this.#workbench?.destroy();
    this.#workbench = workbench;
    this.#alerts.replaceChildren();
    this.#bench.replaceChildren(...(workbench ? [workbench.element] : []));
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
