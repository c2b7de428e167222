import { type Api, ApiError, type JobRequest, type UploadTicket } from '../api.ts';
import { type Box, toTuple } from '../boxes/geometry.ts';
import type { Photo } from './check.ts';
import { sendPhoto, TransferError } from './transfer.ts';

/** Where a submission is. */
export type Progress = { readonly step: 'asking' } | { readonly step: 'sending'; readonly share: number };

/** The request for a photo's job. */
export function requestFor(
  photo: Photo,
  objects: readonly { readonly box: Box; readonly label: string }[],
  options: NonNullable<JobRequest['options']>,
): JobRequest {
  return {
    name: photo.name,
    contentType: photo.type,
    bytes: photo.file.size,
    width: photo.width,
    height: photo.height,
    ...(objects.length > 0
      ? {
          objects: objects.map(({ box, label }) => ({
            ...(label.trim() ? { label: label.trim() } : {}),
            box: toTuple(box),
          })),
        }
      : {}),
    options,
  };
}

/** A job that waits for its photo. */
export interface Promised {
  readonly jobId: string;
  readonly upload: UploadTicket;
  /** What it was promised for. */
  readonly request: JobRequest;
}

/** How long before its end a ticket is no longer used: the photo has to arrive in time. */
const ticketMargin = 60_000;

/**
 * Sends one photo's job to the service: first the request, then the photo to
 * the storage. A job that was promised is used again after a broken connection,
 * or deleted before there is another one, so that nothing is made twice.
 */
export class Submission {
  constructor(
    private readonly api: Pick<Api, 'createJob' | 'getJob' | 'deleteJob'>,
    /** The job of an attempt before this page was loaded. */
    private promised: Promised | null = null,
    /** Told of the job that waits for the photo, and when none does any more. */
    private readonly changed: (promised: Promised | null) => void = () => {},
    private readonly transfer: typeof sendPhoto = sendPhoto,
  ) {}

  /** Answers the job's id once the photo has arrived. */
  async send(
    photo: Photo,
    objects: readonly { readonly box: Box; readonly label: string }[],
    options: NonNullable<JobRequest['options']>,
    progress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<string> {
    progress({ step: 'asking' });
    const request = requestFor(photo, objects, options);
    const former = await this.#former(request, signal);
    if (former === 'arrived') return this.#arrived();
    const { jobId, upload } = former ?? (await this.#promise(request, signal));
    try {
      await this.transfer(upload, photo.file, (share) => progress({ step: 'sending', share }), signal);
    } catch (error) {
      const code = error instanceof TransferError ? error.code : '';
      // The photo is there already: only the answer to it was lost.
      if (code === 'PreconditionFailed' && former) return this.#arrived();
      if (code !== 'network') this.forget();
      throw error;
    }
    this.#set(null);
    return jobId;
  }

  /**
   * Deletes the job that waits for the photo: it would stand in the list and
   * count against the limit until it runs out. Should this fail, it does just
   * that.
   */
  forget(): void {
    if (!this.promised) return;
    this.api.deleteJob(this.promised.jobId).catch(() => {});
    this.#set(null);
  }

  /** Whether the photo of an attempt before this one has arrived. */
  async hasArrived(signal?: AbortSignal): Promise<boolean> {
    return this.promised !== null && (await this.#look(this.promised, signal)) === 'arrived';
  }

  /** What became of a promised job: its photo arrived, may still come, or can come no more. */
  async #look({ jobId }: Promised, signal?: AbortSignal): Promise<'arrived' | 'open' | 'over'> {
    try {
      const job = await this.api.getJob(jobId, signal);
      if (job.state === 'uploading') return 'open';
      return job.error?.code === 'upload_expired' ? 'over' : 'arrived';
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return 'over';
      throw error;
    }
  }

  /** The job of an attempt before, where it still serves; it is deleted where it does not. */
  async #former(request: JobRequest, signal: AbortSignal): Promise<Promised | 'arrived' | null> {
    const { promised } = this;
    if (!promised) return null;
    const isSame = JSON.stringify(promised.request) === JSON.stringify(request);
    const found = await this.#look(promised, signal);
    if (found === 'arrived' && isSame) return 'arrived';
    const lasts = Date.parse(promised.upload.expiresAt) - Date.now() > ticketMargin;
    if (found === 'open' && isSame && lasts) return promised;
    if (found !== 'arrived') await this.api.deleteJob(promised.jobId, signal);
    this.#set(null);
    return null;
  }

  async #promise(request: JobRequest, signal: AbortSignal): Promise<Promised> {
    const { jobId, upload } = await this.api.createJob(request, signal);
    const promised = { jobId, upload, request };
    this.#set(promised);
    return promised;
  }

  #arrived(): string {
    const jobId = this.promised?.jobId ?? '';
    this.#set(null);
    return jobId;
  }

  #set(promised: Promised | null): void {
    this.promised = promised;
    this.changed(promised);
  }
}
