import type { Limits } from '../config.ts';
import { h, icon } from '../dom.ts';
import { limitsInWords } from './check.ts';

/** Accepts a photo: dropped anywhere on the page, chosen, or pasted. */
export class DropZone {
  readonly element: HTMLElement;
  readonly #chooser: HTMLInputElement;
  readonly #abort = new AbortController();
  #inside = 0;

  constructor(
    limits: Limits,
    private readonly take: (file: File) => void,
    private readonly several: () => void,
  ) {
    this.#chooser = h('input', {
      type: 'file',
      id: 'photo',
      class: 'visually-hidden',
      accept: limits.contentTypes.join(','),
      'aria-describedby': 'photo-limits',
      on: {
        change: () => {
          this.#first(this.#chooser.files);
          // Choosing the same file again must fire a change event.
          this.#chooser.value = '';
        },
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
        h('span', { class: 'drop-title' }, 'Drop a photo here'),
        h(
          'span',
          { class: 'drop-hint' },
          'or ',
          h('span', { class: 'like-link' }, 'choose a file'),
          h('span', { class: 'pointer-only' }, ', or paste one'),
        ),
        h('span', { class: 'drop-limits', id: 'photo-limits' }, limitsInWords(limits)),
      ),
    );
    this.#listen();
  }

  /** Opens the browser's file chooser. */
  choose(): void {
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
        this.#first(event.dataTransfer?.files ?? null);
      },
      { signal },
    );
    window.addEventListener(
      'paste',
      (event) => {
        if (event.clipboardData?.files.length) this.#first(event.clipboardData.files);
      },
      { signal },
    );
  }

  #first(files: FileList | null): void {
    const file = files?.[0];
    if (!file) return;
    if ((files?.length ?? 0) > 1) this.several();
    else this.take(file);
  }
}
