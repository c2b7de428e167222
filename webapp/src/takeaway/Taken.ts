import type { Job, ResultFile } from '../api.ts';

/** An object or the scene whose files can be downloaded. */
export interface Taken {
  readonly title: string;
  /** Begins the names of converted files. */
  readonly stem: string;
  readonly files: readonly ResultFile[];
}

export interface TakeAwayEvents {
  /** Returns the link of a file of the item shown, a new one if the old has expired. */
  fileLink(format: string): Promise<string | null>;
}

export interface JobArchiveEvents {
  /** Reads the job again, for links that are valid. */
  fresh(): Promise<Job>;
}
