import { h, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import { DialogOpener } from './DialogOpener.ts';
import type { TakeAwayEvents, Taken } from './Taken.ts';

/** The button that opens the downloads of one object, or of the scene. It is hidden without files. */
export class TakeAway {
  readonly #title = h('span', { class: 'visually-hidden' });
  readonly #opener: DialogOpener<Taken>;

  constructor(events: TakeAwayEvents) {
    this.#opener = new DialogOpener(h('span', {}, texts.takeaway.download, this.#title), async () => {
      const { TakeAwayDialog } = await import('./TakeAwayDialog.ts');
      return new TakeAwayDialog(events);
    });
  }

  get element(): HTMLElement {
    return this.#opener.element;
  }

  show(item: Taken): void {
    say(this.#title, ` ${item.title}`);
    this.#opener.show(item, item.files.length > 0);
  }

  dispose(): void {
    this.#opener.dispose();
  }
}
