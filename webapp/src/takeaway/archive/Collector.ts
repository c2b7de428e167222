import type { Job } from '../../api.ts';
import { isFresh } from '../../links.ts';
import { texts } from '../../texts/texts.ts';
import { FetchError, type Received } from '../fetchFile.ts';
import { type Entry, pathOf } from './entries.ts';
import type { Missing, Saved } from './manifest.ts';

/** What the collection needs from the page and the browser. */
export interface Outside {
  /** Reads the job again, for links that are valid. */
  fresh(): Promise<Job>;
  fetchFile(link: string, received: Received, signal: AbortSignal): Promise<Blob>;
  /** Resolves after the delay, or at once when the browser is online again. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  now(): number;
}

/** How often one file is tried, and the first pause after a connection has failed. */
const [tries, firstPause] = [3, 2000];

/** A file of the zip file. */
export interface Item {
  readonly name: string;
  readonly input: Blob;
  readonly lastModified: Date;
}

/**
 * Fetches the files of a job one after the other. Each is complete before it is passed on, so that a
 * broken connection leaves a file out, and never a part of one in the zip file; memory holds one file.
 */
export class Collector {
  readonly saved: Saved[] = [];
  readonly missing: Missing[] = [];
  #job: Job;
  #read: number;
  /** Whether the last connection succeeded: else each further file is tried once. */
  #isReachable = true;

  constructor(
    /** Just read. */
    job: Job,
    private readonly entries: readonly Entry[],
    private readonly outside: Outside,
    private readonly received: Received,
    private readonly signal: AbortSignal,
  ) {
    this.#job = job;
    this.#read = outside.now();
  }

  /** Yields the files that could be fetched. Throws the signal's reason when it aborts. */
  async *files(): AsyncGenerator<Item> {
    const lastModified = new Date(this.#job.createdAt);
    for (const entry of this.entries) {
      const file = await this.#file(entry);
      if (!file) continue;
      const path = pathOf(entry, file.type);
      this.saved.push({ entry, path, bytes: file.size });
      yield { name: path, input: file, lastModified };
    }
  }

  /** Returns a file, or null after noting why it is missing. */
  async #file(entry: Entry): Promise<Blob | null> {
    let reason = '';
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      let part = 0;
      try {
        const link = await this.#link(entry, attempt > 1);
        if (!link) {
          reason = texts.takeaway.missingReasons.noLink;
          break;
        }
        const file = await this.outside.fetchFile(
          link,
          (bytes) => {
            part += bytes;
            this.received(bytes);
          },
          this.signal,
        );
        this.#isReachable = true;
        return file;
      } catch (error) {
        this.signal.throwIfAborted();
        this.received(-part);
        const status = error instanceof FetchError ? error.status : 0;
        if (status > 0) reason = texts.takeaway.missingReasons.refused(status);
        else {
          reason = texts.takeaway.missingReasons.unreachable;
          if (!this.#isReachable) break;
          if (attempt < tries) await this.outside.pause(firstPause * attempt, this.signal);
          else this.#isReachable = false;
        }
      }
    }
    this.missing.push({ entry, reason });
    return null;
  }

  /** Returns the file's link, a new one if the old has expired or has just failed. */
  async #link(entry: Entry, hasFailed: boolean): Promise<string | undefined> {
    const link = entry.link(this.#job);
    if (!hasFailed && link && isFresh(link, this.#read, this.outside.now())) return link;
    this.#job = await this.outside.fresh();
    this.#read = this.outside.now();
    return entry.link(this.#job);
  }
}
