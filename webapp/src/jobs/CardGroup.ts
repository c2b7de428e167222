import { h } from '../dom.ts';
import type { JobCard } from './JobCard.ts';

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
