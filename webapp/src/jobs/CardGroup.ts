import { h } from '../dom.ts';
import type { JobCard } from './JobCard.ts';

/** The selected jobs; null while none can be selected. */
export type Chosen = ReadonlySet<string> | null;

/** Number of cards in a group: whole rows, whether the list has one, two, three or four columns. */
export const groupSize = 12;

/**
 * A few rows of cards: a grid of its own, so that the browser lays out only those rows when a card
 * comes, goes or changes.
 */
export class CardGroup {
  readonly element = h('div', { class: 'job-group', role: 'presentation' });
  #cards: readonly JobCard[] = [];

  get cards(): readonly JobCard[] {
    return this.#cards;
  }

  /** Shows which of its jobs are selected, and that they can be. */
  choose(chosen: Chosen): void {
    this.element.classList.toggle('is-selecting', chosen !== null);
    for (const card of this.#cards) card.choose(chosen?.has(card.jobId) ?? false);
  }

  /** Shows these cards; returns those that were in another group or in none. */
  fill(cards: readonly JobCard[]): readonly JobCard[] {
    const before = this.#cards;
    if (cards.length === before.length && cards.every((card, at) => card === before[at])) return [];
    this.#cards = cards;
    // For the height that the group has before it is laid out.
    this.element.style.setProperty('--cards', String(cards.length));
    let place = this.element.firstChild;
    for (const { element } of cards) {
      if (element === place) place = place.nextSibling;
      else this.element.insertBefore(element, place);
    }
    return cards.filter((card) => !before.includes(card));
  }
}
