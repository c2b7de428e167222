import { h } from './dom.ts';
import { JobListView } from './jobs/JobListView.ts';
import type { Question } from './confirm.ts';
import { UploadView } from './upload/UploadView.ts';
import type { Page, View } from './view.ts';

/** The start page of a signed-in user: the upload above the list of jobs. */
export class HomeView implements View {
  readonly element: HTMLElement;
  readonly #upload: UploadView;
  readonly #jobs: JobListView;

  constructor(page: Page) {
    page.setTitle('');
    this.#upload = new UploadView(page, () => this.#jobs.refresh());
    this.#jobs = new JobListView(page);
    this.element = h('div', { class: 'home' }, this.#upload.element, this.#jobs.element);
  }

  async keep(): Promise<void> {
    await Promise.all([this.#upload.keep(), this.#jobs.keep()]);
  }

  leaving(): Question | null {
    return this.#upload.leaving();
  }

  restore(): void {
    this.#jobs.restore();
  }

  destroy(): void {
    this.#upload.destroy();
    this.#jobs.destroy();
  }
}
