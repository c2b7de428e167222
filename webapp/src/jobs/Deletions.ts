import type { JobSummary } from '../api.ts';

/** Time in milliseconds for which a deletion can be undone. */
export const grace = 10_000;

/** Number of requests at once. */
const concurrent = 6;

export interface DeletionEvents {
  /** Deletes one job at the service. It must go on when the page is closed. */
  deleteJob(jobId: string): Promise<void>;
  /** The jobs can be undone: hide them and offer that. */
  begun(jobs: readonly JobSummary[]): void;
  /** Nothing can be undone any longer. */
  settled(): void;
  /** The jobs still exist: show them again. */
  restored(jobs: readonly JobSummary[]): void;
  /** Some requests have failed, the last one with this error; their jobs were restored. */
  failed(jobs: readonly JobSummary[], error: unknown): void;
}

/**
 * Deletes jobs after a grace in which the user can undo that. Until then no request is made, so that
 * nothing is half done; when the page is left, all requests are made at once.
 */
export class Deletions {
  #jobs: readonly JobSummary[] = [];
  #timer: number | null = null;
  /** Jobs to delete now, for which there is no request yet. */
  readonly #queue: JobSummary[] = [];
  #active = 0;
  #kept: JobSummary[] = [];
  #reason: unknown;
  #finished: Promise<unknown> = Promise.resolve();

  constructor(private readonly events: DeletionEvents) {}

  /** Begins to delete jobs. Those of the deletion before can no longer be undone. */
  begin(jobs: readonly JobSummary[]): void {
    void this.commit();
    this.#jobs = jobs;
    this.events.begun(jobs);
    this.resume();
  }

  /** Stops the clock, while the user is about to undo. */
  pause(): void {
    if (this.#timer !== null) window.clearTimeout(this.#timer);
    this.#timer = null;
  }

  resume(): void {
    this.pause();
    if (this.#jobs.length > 0) this.#timer = window.setTimeout(() => void this.commit(), grace);
  }

  undo(): void {
    const jobs = this.#settle();
    this.events.restored(jobs);
  }

  /**
   * Makes the requests; all that are left at once when the page is left. Resolves when each has an
   * answer.
   */
  commit(leaving = false): Promise<unknown> {
    this.#queue.push(...this.#settle());
    const places = leaving ? this.#queue.length : Math.max(0, concurrent - this.#active);
    const workers = Array.from({ length: Math.min(places, this.#queue.length) }, () => this.#work());
    if (workers.length > 0) this.#finished = Promise.all([this.#finished, ...workers]);
    return this.#finished;
  }

  #settle(): readonly JobSummary[] {
    this.pause();
    const jobs = this.#jobs;
    this.#jobs = [];
    if (jobs.length > 0) this.events.settled();
    return jobs;
  }

  async #work(): Promise<void> {
    this.#active += 1;
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) {
      try {
        await this.events.deleteJob(job.jobId);
      } catch (error) {
        this.#kept.push(job);
        this.#reason = error;
      }
    }
    this.#active -= 1;
    if (this.#active > 0 || this.#kept.length === 0) return;
    const kept = this.#kept;
    this.#kept = [];
    this.events.restored(kept);
    this.events.failed(kept, this.#reason);
  }
}
