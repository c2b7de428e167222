import { fill, h, icon } from '../dom.ts';
import { alertBox } from '../messages.ts';
import { texts } from '../texts/texts.ts';

/** A dialog of downloads for one item. */
export interface ItemDialog<Item> {
  readonly element: HTMLDialogElement;
  open(item: Item): void;
  /** Shows the item as it is now, if it has changed. */
  update(item: Item): void;
  dispose(): void;
}

/**
 * A button that opens a dialog of downloads, which is loaded when it is first opened. It is hidden while
 * its item has nothing to download.
 */
export class DialogOpener<Item> {
  readonly element: HTMLElement;
  readonly #trouble = h('div', { class: 'notice' });
  #item: Item | null = null;
  #dialog: ItemDialog<Item> | null = null;
  #isDisposed = false;

  constructor(
    label: Node | string,
    private readonly load: () => Promise<ItemDialog<Item>>,
  ) {
    this.element = h(
      'div',
      { class: 'takeaway', hidden: true },
      h(
        'button',
        { type: 'button', class: 'button small', on: { click: () => void this.#open() } },
        icon('download'),
        label,
      ),
      this.#trouble,
    );
  }

  show(item: Item, hasFiles: boolean): void {
    this.#item = item;
    this.element.hidden = !hasFiles;
    this.#dialog?.update(item);
  }

  /** Cancels what is in progress. */
  dispose(): void {
    this.#isDisposed = true;
    this.#dialog?.dispose();
  }

  async #open(): Promise<void> {
    fill(this.#trouble);
    try {
      const dialog = this.#dialog ?? (await this.load());
      if (this.#isDisposed || !this.#item) return;
      if (!this.#dialog) {
        this.#dialog = dialog;
        this.element.append(dialog.element);
      }
      this.#dialog.open(this.#item);
    } catch {
      fill(this.#trouble, alertBox(texts.takeaway.notLoaded));
    }
  }
}
