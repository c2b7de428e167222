import { isFinished, type JobPage, type JobSummary } from '../api.ts';

/**
 * The jobs known so far, newest first. Pages come in any order and more than
 * once: a page says all there is between its first and its last job, so a known
 * job within that stretch that the page lacks has been deleted.
 */
export class Catalog {
  #jobs = new Map<string, JobSummary>();
  readonly #deleted = new Set<string>();

  get jobs(): readonly JobSummary[] {
    return [...this.#jobs.values()].sort((a, b) => (a.jobId < b.jobId ? -1 : 1));
  }

  get hasUnfinished(): boolean {
    return this.jobs.some((job) => !isFinished(job.state));
  }

  /**
   * Takes in the page that follows job `after`, or the first page where `after`
   * is null. Answers whether anything differs from before.
   */
  merge(page: JobPage, after: string | null = null): boolean {
    const before = JSON.stringify(this.jobs.map(essence));
    // Past the last page's last job there is nothing more.
    const last = page.nextCursor === null ? null : (page.jobs.at(-1)?.jobId ?? after ?? '');
    const listed = new Set(page.jobs.map((job) => job.jobId));
    for (const id of [...this.#jobs.keys()]) {
      const within = (after === null || id > after) && (last === null || id <= last);
      if (within && !listed.has(id)) this.#jobs.delete(id);
    }
    for (const job of page.jobs) {
      if (!this.#deleted.has(job.jobId)) this.#jobs.set(job.jobId, job);
    }
    return JSON.stringify(this.jobs.map(essence)) !== before;
  }

  /** Drops a job for good: a page that was on its way cannot bring it back. */
  remove(jobId: string): void {
    this.#deleted.add(jobId);
    this.#jobs.delete(jobId);
  }
}

/** What of a job tells one state of it from another; links are signed afresh each time. */
const essence = (job: JobSummary): unknown => [job.jobId, job.state, job.objects, job.preview !== undefined];
