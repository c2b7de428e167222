import type { Job } from '../api.ts';
import { fill, h, icon } from '../dom.ts';
import { alertBox } from '../messages.ts';
import { texts } from '../texts/texts.ts';
import type { ArchiveDialog } from './archive/ArchiveDialog.ts';

export interface JobArchiveEvents {
  /** Reads the job again, for links that are valid. */
  fresh(): Promise<Job>;
}

/** The button that downloads every file of a job as one zip file. It is hidden until a mesh is made. */
export class JobArchive {
  readonly element: HTMLElement;
  readonly #trouble = h('div', { class: 'notice' });
  #job: Job | null = null;
  #dialog: ArchiveDialog | null = null;
  #isDisposed = false;

  constructor(
    private readonly events: JobArchiveEvents,
    /** The service's version, for the list of contents. */
    private readonly version = '',
  ) {
    this.element = h(
      'div',
      { class: 'takeaway', hidden: true },
      h(
        'button',
        { type: 'button', class: 'button small', on: { click: () => void this.#open() } },
        icon('download'),
        texts.takeaway.everything,
      ),
      this.#trouble,
    );
  }

  show(job: Job): void {
    this.#job = job;
    this.element.hidden = !job.objects.some((object) => object.files.length > 0);
    this.#dialog?.update(job);
  }

  /** Cancels a download in progress. */
  dispose(): void {
    this.#isDisposed = true;
    this.#dialog?.dispose();
  }

  async #open(): Promise<void> {
    fill(this.#trouble);
    try {
      const { ArchiveDialog } = await import('./archive/ArchiveDialog.ts');
      if (this.#isDisposed || !this.#job) return;
      if (!this.#dialog) {
        this.#dialog = new ArchiveDialog(this.events, this.version);
        this.element.append(this.#dialog.element);
      }
      this.#dialog.open(this.#job);
    } catch {
      fill(this.#trouble, alertBox(texts.takeaway.notLoaded));
    }
  }
}
