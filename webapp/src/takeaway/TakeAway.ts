import type { ResultFile } from '../api.ts';
import { h, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import { DialogOpener } from './DialogOpener.ts';

/** An object or the scene whose files can be downloaded. */
export interface Taken {
  readonly title: string;
  /** Begins the names of converted files. */
  readonly stem: string;
  readonly files: readonly ResultFile[];
}

export interface TakeAwayEvents {
  /** Returns the link of a file of the item shown, a new one if the old has expired. */
  fileLink(format: string): Promise<string | null>;
}

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
