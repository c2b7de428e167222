import { ApiError, isAbort, type JobSummary } from '../api.ts';
import { confirmed } from '../confirm.ts';
import { h, icon } from '../dom.ts';
import { alertBox, messageOf, messageOfRetried } from '../messages.ts';
import type { Page } from '../view.ts';
import { JobCard } from './JobCard.ts';
import type { Place, ReadPage } from './Listing.ts';
import { type PollResult, Poller } from './Poller.ts';

const pageSize = 24;

/** The user's jobs, newest first, updated while shown. */
export class JobListView {
  readonly element: HTMLElement;
  readonly #cards = new Map<string, JobCard>();
  readonly #list = h('ul', { class: 'job-list' });
  readonly #notice = h('div', { class: 'notice' });
  readonly #empty: HTMLElement;
  readonly #more: HTMLButtonElement;
  readonly #poller: Poller;
  readonly #abort = new AbortController();
  /** Whether this view has read every page; those listed before may have changed since. */
  #isRead = false;
  /** Whether the notice is about a failed poll, so that a successful one removes it. */
  #isPollFailure = false;

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
      (signal) => this.#poll(signal),
      (error) => this.#failed(error),
    );
    if (!page.listing.isEmpty) this.#show();
    this.#poller.start();
  }

  /** Reads the list now, because a job was submitted. */
  refresh(): void {
    this.#poller.nudge();
  }

  /** Scrolls to the previous position in the list and focuses the card that was opened. */
  restore(): void {
    const { place } = this.page.listing;
    if (!place) return;
    const card = this.#cards.get(place.jobId)?.element;
    if (card) window.scrollBy(0, card.getBoundingClientRect().top - place.top);
    else window.scrollTo(0, place.scroll);
    if (place.hasFocus) card?.querySelector('a')?.focus({ preventScroll: true });
  }

  #place(): Place | null {
    const cards = [...this.#list.children];
    const opened = cards.findIndex((card) => card.contains(document.activeElement));
    const at = opened < 0 ? cards.findIndex((card) => card.getBoundingClientRect().bottom > 0) : opened;
    const [card, job] = [cards[at], this.page.listing.jobs[at]];
    if (!card || !job) return null;
    const { top } = card.getBoundingClientRect();
    return { jobId: job.jobId, top, hasFocus: opened >= 0, scroll: window.scrollY };
  }

  destroy(): void {
    this.page.listing.place = this.#place();
    this.#poller.stop();
    this.#abort.abort();
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

  async #poll(signal: AbortSignal): Promise<PollResult> {
    const { listing } = this.page;
    const moved = await listing.refresh(this.#reader(signal), !this.#isRead);
    this.#isRead = true;
    if (this.#isPollFailure) this.#notice.replaceChildren();
    this.#isPollFailure = false;
    this.#show();
    if (moved) return 'moved';
    return listing.hasUnfinished ? 'same' : 'idle';
  }

  #reader(signal: AbortSignal): ReadPage {
    return async (cursor) => {
      const page = await this.page.api.listJobs({ cursor, limit: pageSize }, signal);
      signal.throwIfAborted();
      return page;
    };
  }

  #failed(error: unknown): boolean {
    if (isAbort(error)) return false;
    if (error instanceof ApiError && error.kind === 'session') {
      this.page.sessionEnded();
      return false;
    }
    this.#isPollFailure = true;
    this.#notice.replaceChildren(
      alertBox(messageOfRetried(error), { text: 'Try now', run: () => this.#poller.nudge() }),
    );
    return true;
  }

  /** Shows an error of the user's own request, which only the user can repeat. */
  #refused(error: unknown, again: () => void): void {
    if (isAbort(error)) return;
    if (error instanceof ApiError && error.kind === 'session') {
      this.page.sessionEnded();
      return;
    }
    this.#isPollFailure = false;
    this.#notice.replaceChildren(alertBox(messageOf(error), { text: 'Try again', run: again }));
  }

  async #loadMore(): Promise<void> {
    const { listing } = this.page;
    this.#more.disabled = true;
    try {
      const jobs = await listing.more(this.#reader(this.#abort.signal));
      this.#notice.replaceChildren();
      this.#show();
      const first = jobs[0];
      if (first) this.#cards.get(first.jobId)?.element.querySelector('a')?.focus();
      this.page.announce(`${jobs.length} more jobs.`);
      if (listing.hasUnfinished) this.#poller.nudge();
    } catch (error) {
      this.#refused(error, () => void this.#loadMore());
    } finally {
      this.#more.disabled = false;
    }
  }

  #show(): void {
    this.element.querySelector('.skeleton')?.remove();
    const { jobs, hasMore } = this.page.listing;
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
    this.#more.hidden = !hasMore;
  }

  async #remove(job: JobSummary): Promise<void> {
    const name = job.name || 'this job';
    const yes = await confirmed({
      title: `Delete ${name}?`,
      text: 'The photo and its meshes are permanently deleted.',
      yes: 'Delete',
    });
    if (yes) await this.#delete(job, name);
  }

  async #delete(job: JobSummary, name: string): Promise<void> {
    try {
      await this.page.api.deleteJob(job.jobId, this.#abort.signal);
      this.page.listing.remove(job.jobId);
      this.#notice.replaceChildren();
      this.#show();
      this.page.announce(`${name} deleted.`);
    } catch (error) {
      this.#refused(error, () => void this.#delete(job, name));
    }
  }
}
