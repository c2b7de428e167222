import { isFinished, type JobPage, type JobSummary } from '../api.ts';
import { isFresh } from '../links.ts';
import { everything, type Search } from './search.ts';

/** Reads the page after the cursor; null reads the first page. */
export type ReadPage = (cursor: string | null) => Promise<JobPage>;

interface Listed {
  readonly job: JobSummary;
  readonly received: number;
}

/** The user's position in the list. */
export interface Place {
  /** The card that was opened, or the first in view, and its distance to the top of the window. */
  readonly jobId: string;
  readonly top: number;
  readonly hasFocus: boolean;
  /** The scroll offset of the window, used if that job no longer exists. */
  readonly scroll: number;
  /** Number of cards that were shown. */
  readonly shown: number;
}

/** Time in milliseconds after which a job that is in view is read again, although it is finished. */
const old = 5 * 60_000;

/**
 * The user's jobs as far as they have been read, newest first. It outlives the view, so that going
 * back from a job shows the list as it was.
 *
 * Job ids sort newest first. A page therefore says all about the ids after its cursor up to its next
 * cursor, whatever was known of them before: a job that it lacks is deleted. New jobs come before
 * all others and shift nothing.
 */
export class Listing {
  /** Sorted by id, without a gap up to #end. */
  #listed: Listed[] = [];
  /** The cursor of the next page; null after the last one, undefined before the first. */
  #end: string | null | undefined;
  readonly #removed = new Set<string>();
  #jobs: readonly JobSummary[] | null = null;
  place: Place | null = null;
  search: Search = everything;

  /** The same array until a job changes; a job is the same object until it changes. */
  get jobs(): readonly JobSummary[] {
    this.#jobs ??= this.#listed.map(({ job }) => job).filter(({ jobId }) => !this.#removed.has(jobId));
    return this.#jobs;
  }

  /** Whether a page has been read. */
  get isRead(): boolean {
    return this.#end !== undefined;
  }

  get hasUnfinished(): boolean {
    return this.jobs.some((job) => !isFinished(job.state));
  }

  get hasMore(): boolean {
    return typeof this.#end === 'string';
  }

  /**
   * Reads again what may have changed: the newest jobs down to the first that was known, and each
   * page with a job that is due. Returns whether anything differs from before.
   */
  async refresh(read: ReadPage, isInView: (jobId: string) => boolean = () => true): Promise<boolean> {
    const firstKnown = this.#listed[0]?.job.jobId;
    let cursor: string | null = null;
    let moved = false;
    do {
      const page: JobPage = await read(cursor);
      moved = this.#take(cursor, page) || moved;
      cursor = page.nextCursor;
    } while (cursor !== null && firstKnown !== undefined && cursor < firstKnown);
    while (cursor !== null) {
      const after: string = cursor;
      const at = this.#listed.findIndex((listed) => listed.job.jobId > after && isDue(listed, isInView));
      if (at < 0) break;
      const before = this.#listed[at - 1]?.job.jobId ?? '';
      cursor = before > after ? before : after;
      const page: JobPage = await read(cursor);
      moved = this.#take(cursor, page) || moved;
      cursor = page.nextCursor;
    }
    return moved;
  }

  /** Whether one of the jobs must be read again, for its state or because its links expire soon. */
  needsReading(jobIds: Iterable<string>): boolean {
    const wanted = new Set(jobIds);
    return this.#listed.some((listed) => wanted.has(listed.job.jobId) && isDue(listed, () => true));
  }

  /** Reads the page after the last one and returns the number of its jobs. */
  async more(read: ReadPage): Promise<number> {
    const cursor = this.#end;
    if (typeof cursor !== 'string') return 0;
    const page = await read(cursor);
    if (this.#end !== cursor) return 0; // a refresh has found another end meanwhile
    this.#take(cursor, page);
    return page.jobs.length;
  }

  /** Replaces what is known of the ids after the cursor up to the page's next cursor. */
  #take(cursor: string | null, page: JobPage): boolean {
    const after = cursor ?? '';
    const last = page.nextCursor;
    const from = this.#listed.findIndex(({ job }) => job.jobId > after);
    const start = from < 0 ? this.#listed.length : from;
    const end = last === null ? -1 : this.#listed.findIndex(({ job }) => job.jobId > last);
    const stop = end < 0 ? this.#listed.length : end;
    const received = Date.now();
    const known = new Map(this.#listed.slice(start, stop).map(({ job }) => [job.jobId, job]));
    const read = page.jobs.map((job) => {
      const before = known.get(job.jobId);
      return { job: before && JSON.stringify(before) === JSON.stringify(job) ? before : job, received };
    });
    const states = (jobs: Iterable<JobSummary>): string => JSON.stringify([...jobs].map(essence));
    const moved = this.#end === undefined || states(known.values()) !== states(page.jobs);
    const changed = read.length !== known.size || read.some(({ job }) => known.get(job.jobId) !== job);
    this.#listed.splice(start, stop - start, ...read);
    if (changed) this.#jobs = null;
    if (last === null || this.#end === undefined || (this.#end !== null && last > this.#end))
      this.#end = last;
    return moved;
  }

  /** Hides a job that is or will be deleted, also if it is in a page that was requested before. */
  remove(...jobIds: string[]): void {
    for (const id of jobIds) this.#removed.add(id);
    this.#jobs = null;
  }

  /** Shows jobs again whose deletion was undone or has failed. */
  restore(...jobIds: string[]): void {
    for (const id of jobIds) this.#removed.delete(id);
    this.#jobs = null;
  }

  /** Clears the list when the session has ended. */
  clear(): void {
    this.#listed = [];
    this.#end = undefined;
    this.#removed.clear();
    this.#jobs = null;
    this.place = null;
    this.search = everything;
  }
}

function isDue({ job, received }: Listed, isInView: (jobId: string) => boolean): boolean {
  if (!isFinished(job.state)) return true;
  if (!isInView(job.jobId)) return false;
  const now = Date.now();
  const links = [job.preview, job.photo].filter((link) => link !== undefined);
  return now - received > old || links.some((link) => !isFresh(link, received, now));
}

/** The part of a job that identifies its state; links change whenever they are signed. */
const essence = (job: JobSummary): unknown => [job.jobId, job.state, job.objects, job.preview !== undefined];
