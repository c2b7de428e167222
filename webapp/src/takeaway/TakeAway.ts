import type { ResultFile } from '../api.ts';
import { fill, h, icon, say } from '../dom.ts';
import { alertBox } from '../messages.ts';
import { texts } from '../texts/texts.ts';
import type { TakeAwayDialog } from './TakeAwayDialog.ts';

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
  readonly element: HTMLElement;
  readonly #title = h('span', { class: 'visually-hidden' });
  readonly #trouble = h('div', { class: 'notice' });
  #item: Taken | null = null;
  #dialog: TakeAwayDialog | null = null;
  #isDisposed = false;

  constructor(private readonly events: TakeAwayEvents) {
    this.element = h(
      'div',
      { class: 'takeaway', hidden: true },
      h(
        'button',
        { type: 'button', class: 'button small', on: { click: () => void this.#open() } },
        icon('download'),
        h('span', {}, texts.takeaway.download, this.#title),
      ),
      this.#trouble,
    );
  }

  show(item: Taken): void {
    this.#item = item;
    this.element.hidden = item.files.length === 0;
    say(this.#title, ` ${item.title}`);
    this.#dialog?.update(item);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#dialog?.dispose();
  }

  async #open(): Promise<void> {
    fill(this.#trouble);
    try {
      const { TakeAwayDialog } = await import('./TakeAwayDialog.ts');
      if (this.#isDisposed || !this.#item) return;
      if (!this.#dialog) {
        this.#dialog = new TakeAwayDialog(this.events);
        this.element.append(this.#dialog.element);
      }
      this.#dialog.open(this.#item);
    } catch {
      fill(this.#trouble, alertBox(texts.takeaway.notLoaded));
    }
  }
}
