import type { JobSummary } from '../api.ts';
import { h } from '../dom.ts';
import { CardGroup, type Chosen, groupSize } from './CardGroup.ts';
import { Idle } from './Idle.ts';
import { type CardEvents, JobCard } from './JobCard.ts';

/** How far outside the window a card counts as in view, so that its pictures are there in time. */
const margin = '400px 0px';

/** Number of groups out of view that show the selection at a time. Their styles take a frame's time. */
const groupsAtATime = 4;

/**
 * The cards of jobs. What it does for a change is in proportion to the change, and what it does as
 * time passes to the cards in view; the browser lays out and paints only those (groups of cards, and
 * content-visibility in jobs.css).
 */
export class CardGrid {
  readonly element = h('div', { class: 'job-list', role: 'list' });
  readonly #cards = new Map<string, JobCard>();
  readonly #groups: CardGroup[] = [];
  readonly #groupOf = new WeakMap<Element, CardGroup>();
  /** The groups in view, whose cards are observed. */
  readonly #near = new Set<CardGroup>();
  readonly #inView = new Set<string>();
  readonly #observer: IntersectionObserver | null;
  #jobs: readonly JobSummary[] = [];
  #chosen: Chosen = null;
  /** The groups that do not show #chosen yet: those out of view follow when the browser is idle. */
  readonly #behind = new Set<CardGroup>();
  readonly #catchUp = new Idle(() => {
    for (const group of [...this.#behind].slice(0, groupsAtATime)) this.#chooseIn(group);
    return this.#behind.size > 0;
  });

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
    const ids = new Set(jobs.map(({ jobId }) => jobId));
    for (const { jobId } of before) if (!ids.has(jobId)) this.#drop(jobId);
    const known = new Set(before);
    const cards = jobs.map((job) => {
      const card = this.#cards.get(job.jobId) ?? this.#add(job);
      if (!known.has(job)) card.update(job, now);
      return card;
    });
    const focused = document.activeElement;
    this.#arrange(cards, now);
    // A card that has moved to another group has lost it.
    if (focused instanceof HTMLElement && this.element.contains(focused))
      focused.focus({ preventScroll: true });
  }

  /** Shows which jobs are selected, and that they can be. */
  choose(chosen: Chosen): void {
    this.#chosen = chosen;
    for (const group of this.#groups) this.#behind.add(group);
    for (const group of this.#near) this.#chooseIn(group);
    this.#catchUp.begin();
  }

  /** Updates the times that the cards in view show. */
  tick(now: number): void {
    for (const jobId of this.#inView) this.#cards.get(jobId)?.tick(now);
  }

  destroy(): void {
    this.#catchUp.end();
    this.#observer?.disconnect();
  }

  #chooseIn(group: CardGroup): void {
    this.#behind.delete(group);
    group.choose(this.#chosen);
  }

  #arrange(cards: readonly JobCard[], now: number): void {
    const count = Math.ceil(cards.length / groupSize);
    while (this.#groups.length < count) this.#addGroup();
    this.#groups.forEach((group, at) => {
      const added = group.fill(cards.slice(at * groupSize, (at + 1) * groupSize));
      // A card may come from a group that shows the selection to one that does not yet, or back.
      if (added.length > 0) this.#chooseIn(group);
      for (const card of added) this.#observe(card, this.#near.has(group), now);
    });
    for (const group of this.#groups.splice(count)) {
      this.#observer?.unobserve(group.element);
      this.#near.delete(group);
      this.#behind.delete(group);
      group.element.remove();
    }
  }

  #addGroup(): void {
    const group = new CardGroup();
    this.#groups.push(group);
    this.#groupOf.set(group.element, group);
    this.element.append(group.element);
    if (this.#observer) this.#observer.observe(group.element);
    else this.#near.add(group);
  }

  #add(job: JobSummary): JobCard {
    const card = new JobCard(job, this.events);
    this.#cards.set(job.jobId, card);
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

  /** Finds out whether a card is in view, if its group is. */
  #observe(card: JobCard, isNear: boolean, now: number): void {
    if (!isNear) {
      this.#observer?.unobserve(card.element);
      this.#see(card, false, now);
    } else if (this.#observer) this.#observer.observe(card.element);
    else this.#see(card, true, now);
  }

  #seen(entries: readonly IntersectionObserverEntry[]): void {
    const now = Date.now();
    for (const { target, isIntersecting } of entries) {
      const group = this.#groupOf.get(target);
      const card = this.#cards.get((target as HTMLElement).dataset.job ?? '');
      if (group) {
        if (isIntersecting) this.#near.add(group);
        else this.#near.delete(group);
        if (isIntersecting && this.#behind.has(group)) this.#chooseIn(group);
        for (const each of group.cards) this.#observe(each, isIntersecting, now);
      } else if (card) this.#see(card, isIntersecting, now);
    }
    this.events.scrolled();
  }

  #see(card: JobCard, isInView: boolean, now: number): void {
    const { jobId } = card;
    if (isInView) this.#inView.add(jobId);
    else this.#inView.delete(jobId);
    card.see(isInView, now);
  }
}
