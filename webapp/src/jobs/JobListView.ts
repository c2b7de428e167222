import { ApiError, isAbort, isFinished, type JobPage, type JobSummary } from '../api.ts';
import { confirmed } from '../confirm.ts';
import { h, icon, say } from '../dom.ts';
import { alertBox, messageOf } from '../messages.ts';
import type { Page } from '../view.ts';
import { Catalog } from './catalog.ts';
import { JobCard } from './JobCard.ts';
import { type Look, Poller } from './Poller.ts';

const pageSize = 24;

/** The user's jobs, newest first, kept up to date while something is unfinished. */
export class JobListView {
  readonly element: HTMLElement;
  readonly #catalog = new Catalog();
  readonly #cards = new Map<string, JobCard>();
  readonly #list = h('ul', { class: 'job-list' });
  readonly #notice = h('div', { class: 'notice' });
  readonly #empty: HTMLElement;
  readonly #more: HTMLButtonElement;
  readonly #poller: Poller;
  readonly #gone = new AbortController();
  /** Pages that were loaded: the cursor that leads to each and the job it comes after. */
  #pages: { cursor: string | null; after: string | null; page: JobPage | null }[] = [
    { cursor: null, after: null, page: null },
  ];

  constructor(private readonly page: Page) {
    this.#empty = h(
      'div',
      { class: 'jobs-empty', hidden: true },
      icon('cube'),
      h('p', {}, h('strong', {}, 'No jobs yet. '), 'Drop a photo above; its meshes will be listed here.'),
    );
    this.#more = h(
      'button',
      { type: 'button', class: 'button', hidden: true, on: { click: () => void this.#loadMore() } },
      'Load more',
    );
    this.element = h(
      'section',
      { class: 'jobs', 'aria-labelledby': 'jobs-title' },
      h('h2', { id: 'jobs-title' }, 'Your jobs'),
      this.#notice,
      this.#skeleton(),
      this.#list,
      this.#empty,
      h('div', { class: 'jobs-more' }, this.#more),
    );
    this.#poller = new Poller(
      (signal) => this.#look(signal),
      (error) => this.#failed(error),
    );
    this.#poller.start();
  }

  destroy(): void {
    this.#poller.stop();
    this.#gone.abort();
  }

  #skeleton(): HTMLElement {
    const cards = Array.from({ length: 3 }, () =>
      h(
        'div',
        { class: 'job-card is-waiting' },
        h('div', { class: 'job-picture' }),
        h('div', { class: 'job-words' }),
      ),
    );
    return h('div', { class: 'job-list skeleton', 'aria-hidden': 'true' }, ...cards);
  }

  async #look(signal: AbortSignal): Promise<Look> {
    let moved = false;
    for (const loaded of this.#pages) {
      const stale =
        loaded.cursor === null ||
        (loaded.page?.jobs.some((job) => !isFinished(this.#known(job).state)) ?? true);
      if (!stale) continue;
      const page = await this.page.api.listJobs({ cursor: loaded.cursor, limit: pageSize }, signal);
      signal.throwIfAborted();
      // Links that can still be followed stay as they are; the rest is news.
      moved = this.#catalog.merge(page, loaded.after) || moved;
      loaded.page = page;
    }
    this.#notice.replaceChildren();
    this.#show();
    if (!this.#catalog.hasUnfinished) return 'done';
    return moved ? 'moved' : 'same';
  }

  #known(job: JobSummary): JobSummary {
    return this.#catalog.jobs.find((known) => known.jobId === job.jobId) ?? job;
  }

  #failed(error: unknown): boolean {
    if (isAbort(error)) return false;
    if (error instanceof ApiError && error.kind === 'session') {
      this.page.sessionEnded();
      return false;
    }
    this.#notice.replaceChildren(
      alertBox(messageOf(error), { text: 'Try now', run: () => this.#poller.nudge() }),
    );
    return true;
  }

  async #loadMore(): Promise<void> {
    const last = this.#pages.at(-1);
    const cursor = last?.page?.nextCursor;
    if (!cursor) return;
    this.#more.disabled = true;
    try {
      const page = await this.page.api.listJobs({ cursor, limit: pageSize }, this.#gone.signal);
      const after = last?.page?.jobs.at(-1)?.jobId ?? null;
      this.#pages.push({ cursor, after, page });
      this.#catalog.merge(page, after);
      this.#show();
      const first = page.jobs[0];
      if (first) this.#cards.get(first.jobId)?.element.querySelector('a')?.focus();
      this.page.announce(`${page.jobs.length} more jobs.`);
      if (this.#catalog.hasUnfinished) this.#poller.nudge();
    } catch (error) {
      if (!isAbort(error)) this.#failed(error);
    } finally {
      this.#more.disabled = false;
    }
  }

  #show(): void {
    this.element.querySelector('.skeleton')?.remove();
    const jobs = this.#catalog.jobs;
    const now = Date.now();
    for (const [id, card] of this.#cards) {
      if (jobs.some((job) => job.jobId === id)) continue;
      card.element.remove();
      this.#cards.delete(id);
    }
    jobs.forEach((job, at) => {
      let card = this.#cards.get(job.jobId);
      if (!card) {
        card = new JobCard(job, (chosen) => void this.#remove(chosen));
        this.#cards.set(job.jobId, card);
      }
      if (this.#list.children[at] !== card.element)
        this.#list.insertBefore(card.element, this.#list.children[at] ?? null);
      card.update(job, now);
    });
    this.#empty.hidden = jobs.length > 0;
    this.#more.hidden = !this.#pages.at(-1)?.page?.nextCursor;
    say(this.#more, 'Load more');
  }

  async #remove(job: JobSummary): Promise<void> {
    const name = this.#known(job).name || 'this job';
    const yes = await confirmed({
      title: `Delete ${name}?`,
      text: 'The photo and its meshes are deleted for good.',
      yes: 'Delete',
    });
    if (!yes) return;
    try {
      await this.page.api.deleteJob(job.jobId, this.#gone.signal);
      this.#catalog.remove(job.jobId);
      this.#show();
      this.page.announce(`${name} deleted.`);
    } catch (error) {
      if (!isAbort(error)) this.#failed(error);
    }
  }
}
