import type { ResultFile } from '../api.ts';
import { fill, h, icon } from '../dom.ts';
import { bytesInWords } from '../format.ts';
import { formatInfo } from '../formats.ts';
import { alertBox } from '../messages.ts';
import { texts } from '../texts/texts.ts';
import { download } from './download.ts';

/** The files of an object or of the scene to download. */
export class FileLinks {
  readonly element = h('div', { class: 'downloads' });
  /** Says that a download has failed. */
  readonly trouble = h('div', { class: 'notice' });

  constructor(
    /** Returns the link of a requested file, a new one if the old has expired. */
    private readonly fresh: (format: string) => Promise<string | null>,
  ) {}

  /** `owner` is what the files are of, for screen readers. */
  show(files: readonly ResultFile[], owner: string): void {
    fill(this.element, ...files.map((file) => this.#link(file, owner)));
    this.element.hidden = files.length === 0;
  }

  #link(file: ResultFile, owner: string): HTMLElement {
    const words = formatInfo(file.format) ?? { title: file.format, content: texts.job.anyFile };
    const link = h(
      'a',
      { href: file.url, class: 'download', download: file.name, title: file.name },
      icon('download'),
      h(
        'span',
        { class: 'download-name' },
        words.title,
        h('span', { class: 'visually-hidden' }, texts.job.fileOf(words.content, owner)),
      ),
      h('span', { class: 'download-size' }, bytesInWords(file.bytes)),
    );
    link.addEventListener('click', (event) => {
      // The storage's error page would replace this one if the link had expired.
      event.preventDefault();
      void this.#download(file);
    });
    return link;
  }

  async #download({ format, name }: ResultFile): Promise<void> {
    fill(this.trouble);
    if (await download(await this.fresh(format))) return;
    fill(this.trouble, alertBox(texts.job.notDownloaded(name)));
  }
}
