import type { Job } from '../api.ts';
import { texts } from '../texts/texts.ts';
import { DialogOpener } from './DialogOpener.ts';
import type { JobArchiveEvents } from './Taken.ts';

/** The button that downloads every file of a job as one zip file. It is hidden until a mesh is made. */
export class JobArchive {
  readonly #opener: DialogOpener<Job>;

  constructor(
    events: JobArchiveEvents,
    /** The service's version, for the list of contents. */
    version = '',
  ) {
    this.#opener = new DialogOpener(texts.takeaway.everything, async () => {
      const { ArchiveDialog } = await import('./archive/ArchiveDialog.ts');
      return new ArchiveDialog(events, version);
    });
  }

  get element(): HTMLElement {
    return this.#opener.element;
  }

  show(job: Job): void {
    this.#opener.show(
      job,
      job.objects.some((object) => object.files.length > 0),
    );
  }

  /** Cancels a download in progress. */
  dispose(): void {
    this.#opener.dispose();
  }
}
