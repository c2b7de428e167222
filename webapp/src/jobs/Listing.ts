import { isFinished, type JobPage, type JobSummary } from '../api.ts';
import { isFresh } from '../links.ts';

interface ListedPage {
  /** The cursor of the page: null for the first. */
  readonly cursor: string | null;
  readonly page: JobPage;
  readonly received: number;
}

/** Reads the page at the cursor; null reads the first page. */
export type ReadPage = (cursor: string | null) => Promise<JobPage>;

/** The user's position in the list. */
export interface Place {
  /** The card that was opened, or the first in view, and its distance to the top of the window. */
  readonly jobId: string;
  readonly top: number;
  readonly hasFocus: boolean;
  /** The scroll offset of the window, used if that job no longer exists. */
  readonly scroll: number;
}

/**
 * The loaded part of the user's jobs, newest first, in pages that each start where the previous one
 * ends. It outlives the view, so that going back from a job shows the list as it was.
 */
export class Listing {
  readonly #pages: ListedPage[] = [];
  readonly #deleted = new Set<string>();
  place: Place | null = null;

  get jobs(): readonly JobSummary[] {
    const jobs = new Map<string, JobSummary>();
    for (const { page } of this.#pages) {
      for (const job of page.jobs) if (!this.#deleted.has(job.jobId)) jobs.set(job.jobId, job);
    }
    return [...jobs.values()];
  }

  get isEmpty(): boolean {
    return this.#pages.length === 0;
  }

  get hasUnfinished(): boolean {
    return this.jobs.some((job) => !isFinished(job.state));
  }

  get hasMore(): boolean {
    return this.#pages.at(-1)?.page.nextCursor != null;
  }

  /**
   * Reads again what may have changed: the first page, pages that new jobs have shifted, pages with
   * unfinished jobs or with links that expire soon, or every page. Returns whether anything differs
   * from before.
   */
  async refresh(read: ReadPage, every = false): Promise<boolean> {
    const before = JSON.stringify(this.jobs.map(essence));
    let cursor: string | null = null;
    for (let at = 0; at < Math.max(1, this.#pages.length); at += 1) {
      const listed = this.#pages[at];
      const isDue = at === 0 || every || listed?.cursor !== cursor || needsReading(listed);
      if (isDue) this.#pages[at] = { cursor, page: await read(cursor), received: Date.now() };
      cursor = this.#pages[at]?.page.nextCursor ?? null;
      if (cursor === null) this.#pages.length = at + 1;
    }
    return JSON.stringify(this.jobs.map(essence)) !== before;
  }

  /** Reads the page after the last one and returns its jobs. */
  async more(read: ReadPage): Promise<readonly JobSummary[]> {
    const cursor = this.#pages.at(-1)?.page.nextCursor;
    if (!cursor) return [];
    const page = await read(cursor);
    this.#pages.push({ cursor, page, received: Date.now() });
    return page.jobs;
  }

  /** Removes a job permanently: a page requested before cannot restore it. */
  remove(jobId: string): void {
    this.#deleted.add(jobId);
  }

  /** Clears the list when the session has ended. */
  clear(): void {
    this.#pages.length = 0;
    this.place = null;
  }
}

const needsReading = ({ page, received }: ListedPage): boolean =>
  page.jobs.some((job) => {
    const links = [job.preview, job.photo].filter((link) => link !== undefined);
    return !isFinished(job.state) || links.some((link) => !isFresh(link, received, Date.now()));
  });

/** The part of a job that identifies its state; links change whenever they are signed. */
const essence = (job: JobSummary): unknown => [job.jobId, job.state, job.objects, job.preview !== undefined];
