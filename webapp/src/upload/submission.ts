import {
  type Api,
  ApiError,
  type CreatedJob,
  type JobRequest,
  type ObjectRequest,
  type OptionsRequest,
} from '../api.ts';
import { type Box, toTuple } from '../boxes/geometry.ts';
import type { MaskFile } from '../masks/grayPng.ts';
import type { Point } from '../masks/Point.ts';
import type { Photo } from './check.ts';
import { isUnreachable } from './retry.ts';
import { TransferError } from './TransferError.ts';
import { sendPhoto } from './transfer.ts';

/** The progress of a submission. */
export type Progress = { readonly step: 'asking' } | { readonly step: 'sending'; readonly share: number };

/** An object as it is sent. The model uses a mask as it is, so that points are not sent with a file. */
export interface SentObject {
  readonly box: Box;
  readonly label: string;
  readonly points?: readonly Point[];
  /** A file, or the mask of an object of the job that the photo is from, by the object's number. */
  readonly mask?: MaskFile | { readonly copy: number } | null;
}

/** Returns the request for a photo's job. */
export function requestFor(
  photo: Photo,
  objects: readonly SentObject[],
  options: OptionsRequest,
): JobRequest {
  const marked = objects.map(objectFor);
  // Without `start`, a request whose response was lost would make the meshes twice.
  if (photo.from !== undefined)
    return { from: { jobId: photo.from, start: false }, objects: marked, options };
  return {
    name: photo.name,
    contentType: photo.type,
    bytes: photo.file.size,
    width: photo.width,
    height: photo.height,
    ...(marked.length > 0 ? { objects: marked } : {}),
    options,
  };
}

const isFile = (mask: SentObject['mask']): mask is MaskFile => !!mask && 'file' in mask;

function objectFor({ box, label, points = [], mask }: SentObject): ObjectRequest {
  const sent = isFile(mask) ? { bytes: mask.file.size } : mask;
  return {
    ...(label.trim() ? { label: label.trim() } : {}),
    box: toTuple(box),
    ...(points.length > 0 && !isFile(mask)
      ? { points: points.map(({ x, y, isInside }) => [x, y, isInside ? 1 : 0] as const) }
      : {}),
    ...(sent ? { mask: sent } : {}),
  };
}

/** A job that waits for its photo, or for its start if the photo is an earlier job's. */
export interface Promised extends Pick<CreatedJob, 'jobId' | 'upload' | 'masks'> {
  /** The request that it was created for. */
  readonly request: JobRequest;
  /** The masks' checksums: masks of the same size may differ. */
  readonly checksums?: readonly number[];
}

/** The state of a pending job, and when it can no longer be completed, in milliseconds since 1970. */
interface Pending {
  readonly state: 'arrived' | 'open' | 'over';
  readonly expiresAt: number;
}

/**
 * Time before its expiry at which an upload ticket is no longer used: the photo has to arrive in
 * time.
 */
const ticketMargin = 60_000;

/**
 * Submits one photo: sends the request for a job, then masks and photo to the storage, or the start of
 * the job if the photo is an earlier job's. After a broken connection the pending job is used again,
 * or deleted before another one is created, so that no mesh is made twice.
 */
export class Submission {
  constructor(
    private readonly api: Pick<Api, 'createJob' | 'startJob' | 'getJob' | 'deleteJob'>,
    /** The job of an attempt before this page was loaded. */
    private promised: Promised | null = null,
    /** Called with the job that waits for the photo, and with null when none does. */
    private readonly changed: (promised: Promised | null) => void = () => {},
    private readonly transfer: typeof sendPhoto = sendPhoto,
  ) {}

  /** Returns the id of the job once the photo has arrived. */
  async send(
    photo: Photo,
    objects: readonly SentObject[],
    options: OptionsRequest,
    progress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<string> {
    progress({ step: 'asking' });
    const request = requestFor(photo, objects, options);
    const checksums = objects.flatMap(({ mask }) => (isFile(mask) ? [mask.checksum] : []));
    const previous = await this.#previous(request, checksums, signal);
    if (previous === 'arrived') return this.#arrived();
    const { jobId, upload, masks } = previous ?? (await this.#promise(request, checksums, signal));
    try {
      // The photo starts the job, so the masks have to be there before it.
      for (const ticket of masks ?? []) {
        const mask = objects[ticket.object - 1]?.mask;
        if (isFile(mask)) await this.transfer(ticket.upload, mask.file, () => {}, signal);
      }
      if (upload)
        await this.transfer(upload, photo.file, (share) => progress({ step: 'sending', share }), signal);
      else await this.api.startJob(jobId, signal);
    } catch (error) {
      const code = error instanceof TransferError ? error.code : '';
      // The photo has arrived already: only the response to it was lost.
      if (code === 'PreconditionFailed' && previous) return this.#arrived();
      if (!isUnreachable(error)) this.forget();
      throw error;
    }
    this.#set(null);
    return jobId;
  }

  /**
   * Deletes the job that waits for the photo: it would be listed and count against the limit until
   * it expires, which is also what happens if the deletion fails.
   */
  forget(): void {
    if (!this.promised) return;
    this.api.deleteJob(this.promised.jobId).catch(() => {});
    this.#set(null);
  }

  /** Whether the photo of an earlier attempt has arrived. */
  async hasArrived(signal?: AbortSignal): Promise<boolean> {
    return this.promised !== null && (await this.#stateOf(this.promised, signal)).state === 'arrived';
  }

  /**
   * The state of a pending job: its photo has arrived, may still arrive, or cannot arrive any more.
   */
  async #stateOf({ jobId, upload, masks }: Promised, signal?: AbortSignal): Promise<Pending> {
    try {
      const job = await this.api.getJob(jobId, signal);
      const ticket = upload ?? masks?.[0]?.upload;
      const expiresAt = Date.parse(ticket?.expiresAt ?? job.expiresAt ?? '');
      if (job.state === 'uploading') return { state: 'open', expiresAt };
      return { state: job.error?.code === 'upload_expired' ? 'over' : 'arrived', expiresAt };
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return { state: 'over', expiresAt: 0 };
      throw error;
    }
  }

  /** Returns the job of an earlier attempt if it can still be used, and deletes it otherwise. */
  async #previous(
    request: JobRequest,
    checksums: readonly number[],
    signal: AbortSignal,
  ): Promise<Promised | 'arrived' | null> {
    const { promised } = this;
    if (!promised) return null;
    const isSame =
      JSON.stringify([promised.request, promised.checksums ?? []]) === JSON.stringify([request, checksums]);
    const found = await this.#stateOf(promised, signal);
    if (found.state === 'arrived' && isSame) return 'arrived';
    const lasts = found.expiresAt - Date.now() > ticketMargin;
    if (found.state === 'open' && isSame && lasts) return promised;
    if (found.state !== 'arrived') await this.api.deleteJob(promised.jobId, signal);
    this.#set(null);
    return null;
  }

  async #promise(request: JobRequest, checksums: readonly number[], signal: AbortSignal): Promise<Promised> {
    const { jobId, upload, masks } = await this.api.createJob(request, signal);
    const promised = {
      jobId,
      ...(upload ? { upload } : {}),
      request,
      ...(masks ? { masks, checksums } : {}),
    };
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
