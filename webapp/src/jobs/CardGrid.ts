import type { JobSummary } from '../api.ts';
import { h } from '../dom.ts';
import { type CardEvents, JobCard } from './JobCard.ts';

/** How far outside the window a card counts as in view, so that its pictures are there in time. */
const margin = '400px 0px';

/**
 * The cards of jobs. What it does for a change is in proportion to the change, and what it does as
 * time passes to the cards in view; the browser lays out and paints only those (content-visibility
 * in jobs.css).
 */
export class CardGrid {
  readonly element = h('ul', { class: 'job-list' });
  readonly #cards = new Map<string, JobCard>();
  readonly #inView = new Set<string>();
  readonly #observer: IntersectionObserver | null;
  #jobs: readonly JobSummary[] = [];

  constructor(
    private readonly events: CardEvents & {
      /** Other cards are in view than before. */
      scrolled(): void;
    },
  ) {
    this.#observer =
      'IntersectionObserver' in window
        ? new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: margin })
        : null;
  }

  /** The ids of the jobs whose cards are in view. */
  get inView(): ReadonlySet<string> {
    return this.#inView;
  }

  get jobs(): readonly JobSummary[] {
    return this.#jobs;
  }

  card(jobId: string): JobCard | undefined {
    return this.#cards.get(jobId);
  }

  /** Shows these jobs in this order. A job that is the same object as before has not changed. */
  show(jobs: readonly JobSummary[], now: number): void {
    const before = this.#jobs;
    if (jobs === before) return;
    this.#jobs = jobs;
    const least = Math.min(before.length, jobs.length);
    let head = 0;
    while (head < least && before[head]?.jobId === jobs[head]?.jobId) head += 1;
    let tail = 0;
    while (tail < least - head && before.at(-1 - tail)?.jobId === jobs.at(-1 - tail)?.jobId) tail += 1;
    const kept = new Set(jobs.slice(head, jobs.length - tail).map(({ jobId }) => jobId));
    for (const { jobId } of before.slice(head, before.length - tail)) if (!kept.has(jobId)) this.#drop(jobId);
    const known = new Set(before);
    for (const job of jobs) if (!known.has(job)) this.#cards.get(job.jobId)?.update(job, now);
    const previous = jobs[head - 1];
    let place = previous
      ? (this.#cards.get(previous.jobId)?.element.nextSibling ?? null)
      : this.element.firstChild;
    for (const job of jobs.slice(head, jobs.length - tail)) {
      const { element } = this.#cards.get(job.jobId) ?? this.#add(job, now);
      if (element === place) place = place.nextSibling;
      else this.element.insertBefore(element, place);
    }
  }

  /** Updates the times that the cards in view show. */
  tick(now: number): void {
    for (const jobId of this.#inView) this.#cards.get(jobId)?.tick(now);
  }

  destroy(): void {
    this.#observer?.disconnect();
  }

  #add(job: JobSummary, now: number): JobCard {
    const card = new JobCard(job, this.events);
    card.update(job, now);
    this.#cards.set(job.jobId, card);
    if (this.#observer) this.#observer.observe(card.element);
    else {
      this.#inView.add(job.jobId);
      card.see(true, now);
    }
    return card;
  }

  #drop(jobId: string): void {
    const card = this.#cards.get(jobId);
    if (!card) return;
    this.#observer?.unobserve(card.element);
    card.element.remove();
    this.#cards.delete(jobId);
    this.#inView.delete(jobId);
  }

  #seen(entries: readonly IntersectionObserverEntry[]): void {
    const now = Date.now();
    for (const { target, isIntersecting } of entries) {
      const jobId = (target as HTMLElement).dataset.job ?? '';
      const card = this.#cards.get(jobId);
      if (!card) continue;
      if (isIntersecting) this.#inView.add(jobId);
      else this.#inView.delete(jobId);
      card.see(isIntersecting, now);
    }
    this.events.scrolled();
  }
}
