import { ApiError, isAbort, type JobSummary } from '../api.ts';
import { h, icon, say } from '../dom.ts';
import { alertBox, messageOf, messageOfRetried } from '../messages.ts';
import { texts } from '../texts/texts.ts';
import type { Page } from '../view.ts';
import { CardGrid } from './CardGrid.ts';
import { Deletions } from './Deletions.ts';
import type { ReadPage } from './Listing.ts';
import { goTo, placeIn } from './place.ts';
import { type PollResult, Poller } from './Poller.ts';
import { SearchBar } from './SearchBar.ts';
import { Selection } from './Selection.ts';
import { found, isNarrow, type Search } from './search.ts';
import { UndoBar } from './UndoBar.ts';
import { nameOf } from './words.ts';

/** Number of jobs in a page, and of cards by which the list grows. */
const pageSize = 24;

/** Number of jobs in a page while a search reads the rest of the list; the service's maximum. */
const searchedPageSize = 200;

/** How far below the window the end of the list is when the list grows. */
const margin = '0px 0px 600px 0px';

/** The user's jobs, newest first, updated while shown. */
export class JobListView {
  readonly element: HTMLElement;
  readonly #grid: CardGrid;
  readonly #search: SearchBar;
  readonly #selection: Selection;
  readonly #undoBar: UndoBar;
  readonly #deletions: Deletions;
  readonly #found = h('p', { class: 'jobs-found' });
  readonly #notice = h('div', { class: 'notice' });
  readonly #empty: HTMLElement;
  readonly #none: HTMLElement;
  readonly #more: HTMLButtonElement;
  readonly #end: HTMLElement;
  readonly #observer: IntersectionObserver | null;
  readonly #poller: Poller;
  readonly #abort = new AbortController();
  /** The jobs that the search finds among those that have been read. */
  #jobs: readonly JobSummary[] = [];
  /** What #jobs was made from. */
  #searched: readonly JobSummary[] | null = null;
  /** Number of cards to show at most. */
  #shown = pageSize;
  #isGrowing = false;
  /** Whether the notice is about a failed poll, so that a successful one removes it. */
  #isPollFailure = false;

  constructor(private readonly page: Page) {
    const { listing } = page;
    this.#grid = new CardGrid({
      remove: (job) => this.#remove([job]),
      choose: (job, isChosen) => this.#selection.choose(job, isChosen),
      scrolled: () => {
        if (listing.needsReading(this.#grid.inView)) this.#poller.nudge();
      },
    });
    this.#search = new SearchBar(
      listing.search,
      (search) => this.#searchFor(search),
      (isOn) => this.#selection.turn(isOn),
    );
    this.#selection = new Selection(this.#grid, this.#search, {
      jobs: () => this.#jobs,
      remove: (jobs) => this.#remove(jobs),
    });
    this.#deletions = new Deletions({
      deleteJob: (jobId) => page.api.deleteJob(jobId),
      begun: (jobs) => this.#hide(jobs),
      settled: () => this.#settled(),
      restored: (jobs) => this.#restore(jobs),
      failed: (jobs, error) => this.#notDeleted(jobs, error),
    });
    this.#undoBar = new UndoBar({
      undo: () => this.#deletions.undo(),
      pause: () => this.#deletions.pause(),
      resume: () => this.#deletions.resume(),
    });
    this.#empty = h(
      'div',
      { class: 'jobs-empty', hidden: true },
      icon('cube'),
      h('p', {}, h('strong', {}, `${texts.jobs.empty} `), texts.jobs.emptyHint),
    );
    this.#none = h(
      'div',
      { class: 'jobs-empty', hidden: true },
      icon('search'),
      h('p', {}, texts.jobs.noneFound),
      h(
        'button',
        { type: 'button', class: 'button small', on: { click: () => this.#search.clear() } },
        texts.jobs.showAll,
      ),
    );
    this.#more = h(
      'button',
      { type: 'button', class: 'button', on: { click: () => void this.#grow(true) } },
      texts.jobs.more,
    );
    this.#end = h('div', { class: 'jobs-more', hidden: true }, this.#more);
    this.#observer =
      'IntersectionObserver' in window
        ? new IntersectionObserver(
            (entries) => {
              if (entries.at(-1)?.isIntersecting) void this.#grow(false);
            },
            { rootMargin: margin },
          )
        : null;
    this.element = h(
      'section',
      { class: 'jobs', 'aria-labelledby': 'jobs-title' },
      h(
        'div',
        { class: 'jobs-head' },
        h('h2', { id: 'jobs-title', tabindex: -1 }, texts.jobs.title),
        this.#search.element,
      ),
      this.#found,
      this.#notice,
      this.#skeleton(),
      this.#grid.element,
      this.#empty,
      this.#none,
      this.#end,
      h('div', { class: 'jobs-bars' }, this.#selection.element, this.#undoBar.element),
    );
    this.#poller = new Poller(
      (signal) => this.#poll(signal),
      (error) => this.#failed(error),
    );
    if (listing.isRead) {
      this.#shown = Math.max(pageSize, listing.place?.shown ?? 0);
      this.#show();
    }
    document.addEventListener('visibilitychange', this.#left);
    window.addEventListener('pagehide', this.#left);
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#selection.turn(false);
    });
    this.#poller.start();
  }

  /** Reads the list now, because a job was submitted. */
  refresh(): void {
    this.#poller.nudge();
  }

  /** Resolves when deletions that can no longer be undone have reached the service. */
  async keep(): Promise<void> {
    await this.#deletions.commit(true);
  }

  /** Scrolls to the previous position in the list and focuses the card that was opened. */
  restore(): void {
    const { place } = this.page.listing;
    if (place) goTo(place, this.#grid);
  }

  destroy(): void {
    this.page.listing.place = placeIn(this.#grid, this.#shown);
    document.removeEventListener('visibilitychange', this.#left);
    window.removeEventListener('pagehide', this.#left);
    void this.#deletions.commit(true);
    this.#poller.stop();
    this.#observer?.disconnect();
    this.#grid.destroy();
    this.#abort.abort();
  }

  /** The page is closed, or may be without another event. */
  readonly #left = (event: Event): void => {
    if (event.type === 'pagehide' || document.visibilityState === 'hidden') void this.#deletions.commit(true);
  };

  #skeleton(): HTMLElement {
    const cards = Array.from({ length: 3 }, () =>
      h(
        'div',
        { class: 'job-card is-waiting' },
        h('div', { class: 'job-pictures' }),
        h('div', { class: 'job-words' }),
      ),
    );
    return h(
      'div',
      { class: 'job-list skeleton', 'aria-hidden': 'true' },
      h('div', { class: 'job-group' }, ...cards),
    );
  }

  async #poll(signal: AbortSignal): Promise<PollResult> {
    const { listing } = this.page;
    const moved = await listing.refresh(this.#reader(signal), (jobId) => this.#grid.inView.has(jobId));
    if (this.#isPollFailure) this.#notice.replaceChildren();
    this.#isPollFailure = false;
    this.#show();
    this.#grid.tick(Date.now());
    if (moved) return 'moved';
    return listing.hasUnfinished ? 'same' : 'idle';
  }

  #reader(signal: AbortSignal, limit = pageSize): ReadPage {
    return async (cursor) => {
      const page = await this.page.api.listJobs({ cursor, limit }, signal);
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
      alertBox(messageOfRetried(error), { text: texts.jobs.tryNow, run: () => this.#poller.nudge() }),
    );
    return true;
  }

  /** Shows an error of the user's own request, which only the user can repeat. */
  #refused(error: unknown, message: string, again: () => void): void {
    if (isAbort(error)) return;
    if (error instanceof ApiError && error.kind === 'session') {
      this.page.sessionEnded();
      return;
    }
    this.#isPollFailure = false;
    this.#notice.replaceChildren(alertBox(message, { text: texts.shell.tryAgain, run: again }));
  }

  /** Shows more cards, and reads more jobs if too few are found. */
  async #grow(isAsked: boolean): Promise<void> {
    const { listing } = this.page;
    if (this.#isGrowing) return;
    this.#isGrowing = true;
    const before = this.#grid.jobs.length;
    try {
      if (this.#shown >= this.#jobs.length && listing.hasMore) {
        const limit = isNarrow(listing.search) ? searchedPageSize : pageSize;
        await listing.more(this.#reader(this.#abort.signal, limit));
        if (!this.#isPollFailure) this.#notice.replaceChildren();
        if (listing.hasUnfinished && this.#poller.isIdle) this.#poller.nudge();
      }
      this.#shown = Math.max(this.#shown, this.#grid.jobs.length + pageSize);
      this.#show();
      if (isAsked) this.#focusAt(before);
    } catch (error) {
      this.#refused(error, messageOf(error), () => void this.#grow(isAsked));
    } finally {
      this.#isGrowing = false;
    }
  }

  /** Focuses the first of the cards that were added, and says how many there are. */
  #focusAt(before: number): void {
    const first = this.#grid.jobs[before];
    if (first) this.#grid.card(first.jobId)?.focus();
    this.page.announce(texts.jobs.moreShown(this.#grid.jobs.length - before));
  }

  #searchFor(search: Search): void {
    this.page.listing.search = search;
    this.#searched = null;
    this.#shown = pageSize;
    this.#show();
  }

  #show(): void {
    this.element.querySelector('.skeleton')?.remove();
    const { jobs, hasMore, search } = this.page.listing;
    if (jobs !== this.#searched) {
      this.#searched = jobs;
      this.#jobs = found(search, jobs);
      this.#grid.show(this.#jobs.slice(0, this.#shown), Date.now());
    } else if (this.#grid.jobs.length !== Math.min(this.#shown, this.#jobs.length)) {
      this.#grid.show(this.#jobs.slice(0, this.#shown), Date.now());
    }
    const isEmpty = jobs.length === 0 && !hasMore;
    this.#empty.hidden = !isEmpty;
    this.#search.element.hidden = isEmpty;
    this.#none.hidden = isEmpty || hasMore || this.#jobs.length > 0;
    this.#end.hidden = !hasMore && this.#shown >= this.#jobs.length;
    say(
      this.#found,
      isNarrow(search) && !isEmpty ? texts.jobs.found(this.#jobs.length, jobs.length, hasMore) : '',
    );
    this.#selection.show();
    // A new observation reports at once whether the end is still in view.
    this.#observer?.unobserve(this.#end);
    if (!this.#end.hidden) this.#observer?.observe(this.#end);
  }

  #remove(jobs: readonly JobSummary[]): void {
    const byKeyboard = this.element.querySelector(':focus-visible') !== null;
    this.#notice.replaceChildren();
    this.#deletions.begin(jobs);
    if (byKeyboard) this.#undoBar.focus();
  }

  #hide(jobs: readonly JobSummary[]): void {
    this.page.listing.remove(...jobs.map(({ jobId }) => jobId));
    this.#selection.turn(false);
    const [first] = jobs;
    const text =
      jobs.length === 1 && first ? texts.jobs.deleted(nameOf(first)) : texts.jobs.deletedMany(jobs.length);
    this.#undoBar.show(text);
    this.#show();
    this.page.announce(texts.jobs.canUndo(text));
  }

  #settled(): void {
    const hadFocus = this.#undoBar.hasFocus;
    this.#undoBar.hide();
    if (hadFocus) this.element.querySelector<HTMLElement>('#jobs-title')?.focus({ preventScroll: true });
  }

  #restore(jobs: readonly JobSummary[]): void {
    this.page.listing.restore(...jobs.map(({ jobId }) => jobId));
    if (this.#abort.signal.aborted) return;
    this.#show();
    const [first] = jobs;
    if (first) this.#grid.card(first.jobId)?.focus();
    this.page.announce(texts.jobs.restored(jobs.length));
  }

  #notDeleted(jobs: readonly JobSummary[], error: unknown): void {
    if (this.#abort.signal.aborted) return;
    const again = (): void => {
      this.#notice.replaceChildren();
      this.#deletions.begin(jobs);
      void this.#deletions.commit();
    };
    const [first] = jobs;
    const which =
      jobs.length === 1 && first
        ? texts.jobs.notDeleted(nameOf(first))
        : texts.jobs.notDeletedMany(jobs.length);
    this.#refused(error, `${which} ${messageOf(error)}`, again);
  }
}
