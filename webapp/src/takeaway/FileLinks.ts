import type { ResultFile } from '../api.ts';
import { fill, h, icon } from '../dom.ts';
import { bytesInWords } from '../format.ts';
import { formatInfo } from '../formats.ts';
import { alertBox } from '../messages.ts';
import { texts } from '../texts/texts.ts';
import { download } from './download.ts';

/** Links to the files of an object or of the scene, as they are stored. */
export class FileLinks {
  readonly element = h('ul', { class: 'downloads' });
  /** Says that a download has failed. */
  readonly trouble = h('div', { class: 'notice' });
  #shown = '';

  constructor(
    /** Returns the link of a requested file, a new one if the old has expired. */
    private readonly fresh: (format: string) => Promise<string | null>,
  ) {}

  /** Keeps the links, and the focus on one, as long as the files are the same. */
  show(files: readonly ResultFile[]): void {
    const now = JSON.stringify(
      files.map(({ format, name, bytes, url }) => [format, name, bytes, url.split('?')[0]]),
    );
    if (now === this.#shown) return;
    this.#shown = now;
    fill(this.element, ...files.map((file, at) => h('li', {}, this.#link(file, at === 0))));
  }

  #link(file: ResultFile, isFirst: boolean): HTMLElement {
    const words = formatInfo(file.format);
    const link = h(
      'a',
      { href: file.url, class: 'download', download: file.name, title: file.name, autofocus: isFirst },
      icon('download'),
      h('span', { class: 'download-name' }, words?.title ?? file.format),
      h('span', { class: 'download-size' }, bytesInWords(file.bytes)),
      words && h('span', { class: 'download-use' }, `${words.content}: ${words.use}`),
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
    fill(this.trouble, alertBox(texts.takeaway.notDownloaded(name)));
  }
}
