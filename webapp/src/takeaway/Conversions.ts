import type { ResultFile } from '../api.ts';
import { fill, h, icon } from '../dom.ts';
import { formatInfo } from '../formats.ts';
import { alertBox } from '../messages.ts';
import { texts } from '../texts/texts.ts';
import type { Converted, Target } from './convert/convert.ts';
import { convertApart } from './convert/convertApart.ts';
import { fetchFile } from './fetchFile.ts';
import { Progress } from './Progress.ts';
import { hasQuickLook, quickLookLink } from './quickLook.ts';
import { SizeField } from './SizeField.ts';
import { save } from './save.ts';
import type { Taken } from './Taken.ts';

/** The stored formats that can be converted, the lightest first. */
const sources = ['glb', 'glb-dense'] as const;

type Source = (typeof sources)[number];

const targets: readonly Target[] = ['obj', 'stl', 'usdz'];

/** Makes other formats of a GLB in the browser, when the user asks for one. */
export class Conversions {
  readonly element = h('section', { class: 'conversions' });
  readonly #source = h('select');
  readonly #sourceField: HTMLElement;
  readonly #size = new SizeField(() => this.#dropLink());
  readonly #buttons: readonly HTMLButtonElement[];
  readonly #progress = new Progress(() => this.stop());
  readonly #notice = h('div', { class: 'notice' });
  readonly #ar = h('div', { class: 'conversion-ar' });
  #item: Taken | null = null;
  #running: AbortController | null = null;
  /** The GLB that was fetched last. */
  #fetched: { readonly file: string; readonly glb: Blob } | null = null;
  #url = '';

  constructor(
    /** Returns the link of a stored file, a new one if the old has expired. */
    private readonly fresh: (format: string) => Promise<string | null>,
  ) {
    this.#sourceField = h('label', { class: 'source-field' }, texts.takeaway.source, this.#source);
    this.#source.addEventListener('input', () => this.#dropLink());
    this.#buttons = targets.map((target) => this.#button(target));
    this.#showArButton();
    this.element.append(
      h('h3', {}, texts.takeaway.otherFormats),
      h('p', { class: 'hint' }, texts.takeaway.otherFormatsHow),
      this.#sourceField,
      this.#size.element,
      h('div', { class: 'downloads' }, ...this.#buttons),
      this.#ar,
      this.#progress.element,
      this.#notice,
    );
  }

  get isBusy(): boolean {
    return this.#running !== null;
  }

  show(item: Taken): void {
    this.#item = item;
    const there = sources.filter((format) => fileOf(item, format));
    const shown = [...this.#source.options].map(({ value }) => value).join();
    if (there.join() !== shown)
      fill(
        this.#source,
        ...there.map((format) => {
          const info = formatInfo(format);
          return h('option', { value: format }, `${info?.title}: ${info?.content}`);
        }),
      );
    this.element.hidden = there.length === 0;
    this.#sourceField.hidden = there.length < 2;
  }

  /** Ends the conversion in progress and releases what was fetched. */
  stop(): void {
    this.#running?.abort();
    this.#fetched = null;
    this.#progress.hide();
    fill(this.#notice);
    this.#dropLink();
  }

  #button(target: Target): HTMLButtonElement {
    const words = texts.takeaway.targets[target];
    return h(
      'button',
      { type: 'button', class: 'download', on: { click: () => void this.#download(target) } },
      icon('download'),
      h('span', { class: 'download-name' }, words.title),
      h('span', { class: 'download-use' }, words.use),
    );
  }

  async #download(target: Target): Promise<void> {
    const made = await this.#make(target);
    if (!made || !this.#item) return;
    const name = `${this.#item.stem}${made.suffix}`;
    save(made.file, name);
    this.#progress.done(`${texts.takeaway.saved(name)}${lossOf(target, made)}`);
  }

  /** Quick Look opens only at a tap on its link, so the file is made before, at another tap. */
  async #openInAr(): Promise<void> {
    const made = await this.#make('usdz');
    if (!made || !this.#item) return;
    this.#dropLink();
    this.#url = URL.createObjectURL(made.file);
    const link = quickLookLink(this.#url, `${this.#item.stem}.usdz`);
    fill(this.#ar, link);
    this.#progress.done(`${texts.takeaway.arReady}${lossOf('usdz', made)}`);
    link.focus();
  }

  #showArButton(): void {
    if (!hasQuickLook()) return;
    fill(
      this.#ar,
      h(
        'button',
        { type: 'button', class: 'button', on: { click: () => void this.#openInAr() } },
        texts.takeaway.prepareAr,
      ),
    );
  }

  /** Removes the link to a file that is not of the current choices. */
  #dropLink(): void {
    if (this.#url === '') return;
    URL.revokeObjectURL(this.#url);
    this.#url = '';
    this.#showArButton();
  }

  /** Returns the file, or null if it was canceled or failed, which is then shown. */
  async #make(target: Target): Promise<Converted | null> {
    const item = this.#item;
    fill(this.#notice);
    const size = this.#size.read();
    const source = sources.find((format) => format === this.#source.value);
    if (!size || !source || !item || this.#running) return null;
    const running = new AbortController();
    this.#running = running;
    for (const button of this.#buttons) button.disabled = true;
    try {
      const glb = await this.#glb(item, source, running.signal);
      this.#progress.say(texts.takeaway.converting);
      const made = await convertApart({ glb, target, size, stem: item.stem }, running.signal);
      running.signal.throwIfAborted();
      return made;
    } catch {
      this.#progress.hide();
      if (running.signal.aborted) return null;
      fill(this.#notice, alertBox(texts.takeaway.notConverted(texts.takeaway.targets[target].title)));
      this.#notice.scrollIntoView({ block: 'nearest' });
      return null;
    } finally {
      this.#running = null;
      for (const button of this.#buttons) button.disabled = false;
    }
  }

  async #glb(item: Taken, source: Source, signal: AbortSignal): Promise<Blob> {
    const file = fileOf(item, source);
    if (!file) throw new Error(`there is no ${source}`);
    if (this.#fetched?.file === file.name) return this.#fetched.glb;
    this.#progress.start(texts.takeaway.gettingMesh, file.bytes);
    const link = await this.fresh(source);
    if (link === null) throw new Error('no link to the file');
    const glb = await fetchFile(link, (bytes) => this.#progress.add(bytes), signal);
    this.#fetched = { file: file.name, glb };
    return glb;
  }
}

const fileOf = (item: Taken, format: Source): ResultFile | undefined =>
  item.files.find((file) => file.format === format);

const lossOf = (target: Target, { isWithoutColors }: Converted): string =>
  isWithoutColors && target === 'usdz' ? ` ${texts.takeaway.withoutColors}` : '';
