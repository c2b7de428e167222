import type { Limits } from '../config.ts';
import { h, icon } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import { limitsInWords } from './limits.ts';

const words = texts.upload.zone;

/** Accepts photos: dropped anywhere on the page, chosen, or pasted. */
export class DropZone {
  readonly element: HTMLElement;
  readonly #chooser: HTMLInputElement;
  readonly #abort = new AbortController();
  #inside = 0;
  /** Whether the file chooser is open for a photo in place of another. */
  #replaces = false;

  constructor(
    limits: Limits,
    /** `replaces`: the user wants the photo in place of the one that is open. */
    private readonly take: (files: readonly File[], replaces: boolean) => void,
  ) {
    this.#chooser = h('input', {
      type: 'file',
      id: 'photo',
      class: 'visually-hidden',
      multiple: true,
      accept: limits.contentTypes.join(','),
      // The whole label would repeat the limits.
      'aria-labelledby': 'photo-title photo-hint',
      'aria-describedby': 'photo-limits',
      on: {
        change: () => {
          this.#take(this.#chooser.files);
          // Choosing the same file again must fire a change event.
          this.#chooser.value = '';
        },
        cancel: () => this.#setReplaces(false),
      },
    });
    this.element = h(
      'div',
      { class: 'drop-zone' },
      this.#chooser,
      h(
        'label',
        { for: 'photo', class: 'drop-target' },
        h('span', { class: 'drop-art' }, icon('photo')),
        h('span', { class: 'drop-title', id: 'photo-title' }, words.title),
        h(
          'span',
          { class: 'drop-hint', id: 'photo-hint' },
          words.or,
          h('span', { class: 'like-link' }, words.choose),
          h('span', { class: 'pointer-only' }, words.paste),
        ),
        h('span', { class: 'drop-limits', id: 'photo-limits' }, limitsInWords(limits)),
      ),
    );
    this.#listen();
  }

  /** Opens the browser's file chooser, for further photos or for one in place of the open one. */
  choose(replaces: boolean): void {
    this.#setReplaces(replaces);
    this.#chooser.click();
  }

  /** Focuses the button of the file chooser. */
  focus(): void {
    this.#chooser.focus();
  }

  destroy(): void {
    this.#abort.abort();
    document.body.classList.remove('is-dropping');
  }

  #setReplaces(replaces: boolean): void {
    this.#replaces = replaces;
    this.#chooser.multiple = !replaces;
  }

  #listen(): void {
    const { signal } = this.#abort;
    const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    const drag = (change: number) => (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.#inside = Math.max(0, this.#inside + change);
      document.body.classList.toggle('is-dropping', this.#inside > 0);
    };
    window.addEventListener('dragenter', drag(1), { signal });
    window.addEventListener('dragleave', drag(-1), { signal });
    window.addEventListener('dragover', (event) => carriesFiles(event) && event.preventDefault(), { signal });
    window.addEventListener(
      'drop',
      (event) => {
        if (!carriesFiles(event)) return;
        // A file dropped outside the target must not replace the page.
        event.preventDefault();
        this.#inside = 0;
        document.body.classList.remove('is-dropping');
        this.#setReplaces(false);
        this.#take(event.dataTransfer?.files ?? null);
      },
      { signal },
    );
    window.addEventListener(
      'paste',
      (event) => {
        this.#setReplaces(false);
        this.#take(event.clipboardData?.files ?? null);
      },
      { signal },
    );
  }

  #take(files: FileList | null): void {
    const replaces = this.#replaces;
    this.#setReplaces(false);
    if (files?.length) this.take([...files], replaces);
  }
}
