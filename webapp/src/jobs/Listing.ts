import { isFinished, type JobPage, type JobSummary } from '../api.ts';
import { isFresh } from '../links.ts';

interface ListedPage {
  /** What led to the page: null to the first. */
  readonly cursor: string | null;
  readonly page: JobPage;
  readonly received: number;
}

/** Reads the page of the list that the cursor leads to, the first one with null. */
export type ReadPage = (cursor: string | null) => Promise<JobPage>;

/** Where the user was in the list. */
export interface Place {
  /** The card that was opened, or the first in view, and its distance to the top of the window. */
  readonly jobId: string;
  readonly top: number;
  readonly hasFocus: boolean;
  /** The window's offset, for when that job is gone. */
  readonly scroll: number;
}

/**
 * The user's jobs, newest first, as far as they were loaded: pages, each from
 * where the one before it ends. It outlives the view, so that the way back from
 * a job leads to the list as it was.
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
   * Reads again what may have changed: the first page, pages that new jobs have
   * moved, pages with unfinished jobs or with links that soon run out, or every
   * page. Answers whether anything differs from before.
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

  /** Reads the page after the last one; answers its jobs. */
  async more(read: ReadPage): Promise<readonly JobSummary[]> {
    const cursor = this.#pages.at(-1)?.page.nextCursor;
    if (!cursor) return [];
    const page = await read(cursor);
    this.#pages.push({ cursor, page, received: Date.now() });
    return page.jobs;
  }

  /** Drops a job for good: a page that was on its way cannot bring it back. */
  remove(jobId: string): void {
    this.#deleted.add(jobId);
  }

  /** Forgets everything: the session has ended. */
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

/** What of a job tells one state of it from another; links are signed afresh from time to time. */
const essence = (job: JobSummary): unknown => [job.jobId, job.state, job.objects, job.preview !== undefined];
