import type { Job } from '../../api.ts';
import { fill, h, say } from '../../dom.ts';
import { bytesInWords } from '../../format.ts';
import { formatInfo } from '../../formats.ts';
import { alertBox } from '../../messages.ts';
import { plural } from '../../texts/count.ts';
import { texts } from '../../texts/texts.ts';
import { browserOutside } from '../../upload/retry.ts';
import { fetchFile } from '../fetchFile.ts';
import { Progress } from '../Progress.ts';
import { Sheet } from '../Sheet.ts';
import type { JobArchiveEvents } from '../Taken.ts';
import { type Archive, archiveOf, EmptyArchive } from './archive.ts';
import { archiveName, type Entry, entriesOf, type Group } from './entries.ts';
import { canStreamToDisk, chooseSink } from './sink.ts';
import '../takeaway.css';

/** A zip file above this size may be more than a phone's browser can hold in memory, in bytes. */
const large = 256 * 1024 * 1024;

/** Downloads the files of a job as one zip file, after the user has chosen the formats. */
export class ArchiveDialog {
  readonly element: HTMLDialogElement;
  readonly #sheet: Sheet;
  readonly #choices = h('fieldset', { class: 'archive-choices' });
  readonly #boxes = new Map<Group, HTMLInputElement>();
  readonly #total = h('p', { class: 'progress-amount' });
  readonly #warning = h('p', { class: 'hint' });
  readonly #start: HTMLButtonElement;
  readonly #progress = new Progress(() => this.#running?.abort());
  readonly #notice = h('div', { class: 'notice' });
  #entries: readonly Entry[] = [];
  #shown = '';
  /** The name of the zip file. */
  #name = '';
  #running: AbortController | null = null;

  constructor(
    private readonly events: JobArchiveEvents,
    private readonly version: string,
  ) {
    this.#start = h(
      'button',
      {
        type: 'button',
        class: 'button primary',
        autofocus: true,
        on: { click: () => void this.#download() },
      },
      texts.takeaway.downloadZip,
    );
    this.#choices.addEventListener('input', () => this.#showTotal());
    this.#sheet = new Sheet(
      h(
        'div',
        { class: 'sheet-body' },
        h('p', { class: 'hint' }, texts.takeaway.everythingHow),
        this.#choices,
        this.#total,
        this.#warning,
        this.#start,
        this.#progress.element,
        this.#notice,
      ),
      () => this.#running !== null,
      () => this.#running?.abort(),
    );
    this.element = this.#sheet.element;
  }

  open(job: Job): void {
    this.update(job);
    if (!this.#running) {
      this.#progress.hide();
      fill(this.#notice);
    }
    this.#sheet.open();
  }

  /** Shows the job's files as they are now, if they have changed. */
  update(job: Job): void {
    this.#sheet.title = texts.takeaway.everythingOf(job.source?.name ?? '');
    this.#name = archiveName(job);
    this.#entries = entriesOf(job);
    const now = JSON.stringify(this.#entries);
    if (now === this.#shown) return;
    this.#shown = now;
    const groups = new Set(this.#entries.map(({ group }) => group));
    const unchosen = new Set([...this.#boxes].filter(([, box]) => !box.checked).map(([group]) => group));
    this.#boxes.clear();
    fill(
      this.#choices,
      h('legend', { class: 'visually-hidden' }, texts.takeaway.chooseFormats),
      ...[...groups].map((group) => this.#choice(group, !unchosen.has(group))),
    );
    this.#showTotal();
  }

  dispose(): void {
    this.#running?.abort();
    this.#sheet.dispose();
  }

  #choice(group: Group, checked: boolean): HTMLElement {
    const box = h('input', { type: 'checkbox', checked });
    this.#boxes.set(group, box);
    const title = group === 'pictures' ? texts.takeaway.pictures : (formatInfo(group)?.title ?? group);
    const bytes = bytesOf(this.#entries.filter((entry) => entry.group === group));
    return h('label', {}, box, title, h('span', { class: 'download-size' }, bytesInWords(bytes)));
  }

  get #chosen(): Group[] {
    return [...this.#boxes].filter(([, box]) => box.checked).map(([group]) => group);
  }

  #chosenEntries(): Entry[] {
    const chosen = new Set(this.#chosen);
    return this.#entries.filter(({ group }) => chosen.has(group));
  }

  #showTotal(): void {
    const entries = this.#chosenEntries();
    const bytes = bytesOf(entries);
    say(
      this.#total,
      entries.length > 0
        ? texts.takeaway.contents(plural(entries.length, 'file'), bytesInWords(bytes))
        : texts.takeaway.nothingChosen,
    );
    const isHeld = bytes > large && !canStreamToDisk();
    say(this.#warning, isHeld ? texts.takeaway.heldInMemory(bytesInWords(bytes)) : '');
    this.#warning.hidden = !isHeld;
    this.#start.disabled = entries.length === 0 || this.#running !== null;
  }

  async #download(): Promise<void> {
    const entries = this.#chosenEntries();
    const running = new AbortController();
    const { signal } = running;
    fill(this.#notice);
    let archive: Archive | null = null;
    try {
      // First, because the browser opens its dialog only right after the click.
      const sink = await chooseSink(this.#name);
      if (!sink) return;
      this.#setRunning(running);
      this.#progress.start(texts.takeaway.zipping, bytesOf(entries));
      const job = await this.events.fresh();
      signal.throwIfAborted();
      archive = archiveOf(
        job,
        entries,
        this.#chosen,
        this.version,
        { fetchFile, fresh: () => this.events.fresh(), pause: browserOutside.pause, now: () => Date.now() },
        (bytes) => this.#progress.add(bytes),
        signal,
      );
      await sink.write(archive.stream, signal);
      this.#tell(archive);
    } catch (error) {
      this.#progress.hide();
      if (signal.aborted) this.#progress.done(texts.takeaway.zipCanceled);
      else if (error instanceof EmptyArchive || archive === null)
        fill(this.#notice, alertBox(texts.takeaway.zipEmpty));
      else fill(this.#notice, alertBox(texts.takeaway.zipNotWritten));
    } finally {
      this.#setRunning(null);
    }
  }

  #setRunning(running: AbortController | null): void {
    this.#running = running;
    this.#choices.disabled = running !== null;
    this.#showTotal();
  }

  #tell({ saved, missing }: Archive): void {
    const name = this.#name;
    if (missing.length === 0) {
      this.#progress.done(texts.takeaway.zipDone(name, plural(saved.length, 'file')));
      return;
    }
    this.#progress.hide();
    fill(
      this.#notice,
      alertBox(texts.takeaway.zipIncomplete(name)),
      h(
        'ul',
        { class: 'archive-missing' },
        ...missing.map(({ entry, reason }) => h('li', {}, `${entry.path}: ${reason}`)),
      ),
    );
  }
}

const bytesOf = (entries: readonly Entry[]): number =>
  entries.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
