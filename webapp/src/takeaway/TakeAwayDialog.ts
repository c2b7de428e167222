import { h } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import { Conversions } from './Conversions.ts';
import { FileLinks } from './FileLinks.ts';
import { Sheet } from './Sheet.ts';
import type { TakeAwayEvents, Taken } from './Taken.ts';
import './takeaway.css';

/** The downloads of one object, or of the scene: its files, and formats made of them on request. */
export class TakeAwayDialog {
  readonly element: HTMLDialogElement;
  readonly #sheet: Sheet;
  readonly #links: FileLinks;
  readonly #conversions: Conversions;

  constructor(events: TakeAwayEvents) {
    this.#links = new FileLinks((format) => events.fileLink(format));
    this.#conversions = new Conversions((format) => events.fileLink(format));
    this.#sheet = new Sheet(
      h('div', { class: 'sheet-body' }, this.#links.element, this.#links.trouble, this.#conversions.element),
      () => this.#conversions.isBusy,
      () => this.#conversions.stop(),
    );
    this.element = this.#sheet.element;
  }

  open(item: Taken): void {
    this.update(item);
    this.#sheet.open();
  }

  /** Shows the item as it is now, if it has changed. */
  update(item: Taken): void {
    this.#sheet.title = texts.takeaway.downloadOf(item.title);
    this.#conversions.show(item);
    this.#links.show(item.files);
  }

  dispose(): void {
    this.#conversions.stop();
    this.#sheet.dispose();
  }
}
