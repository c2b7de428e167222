import type { Job } from '../api.ts';
import { fill, h, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import { factsOf } from './facts.ts';
import type { Item } from './items.ts';

/** The facts about the item on the stage, which are shown on demand. */
export class DetailsPanel {
  readonly #title = h('h3', { id: 'details-title' });
  readonly #facts = h('dl', { class: 'facts' });
  readonly element = h(
    'div',
    { class: 'panel panel-details', role: 'group', 'aria-labelledby': 'details-title' },
    this.#title,
    this.#facts,
  );
  #shown = '';

  /** Whether there is a fact. */
  update(item: Item, job: Job): boolean {
    const facts = factsOf(item, job);
    say(this.#title, texts.job.detailsOf(item.title));
    const now = JSON.stringify(facts);
    if (now !== this.#shown)
      fill(
        this.#facts,
        ...facts.map(({ term, value, isWide }) =>
          h('div', { class: isWide ? 'fact wide' : 'fact' }, h('dt', {}, term), h('dd', {}, value)),
        ),
      );
    this.#shown = now;
    return facts.length > 0;
  }
}
