import type { Api, JobRequest } from '../api.ts';
import { type Box, toTuple } from '../boxes/geometry.ts';
import type { Photo } from './check.ts';
import { sendPhoto } from './transfer.ts';

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

/** Sends jobs to the service: first the request, then the photo to the storage. */
export class Submission {
  constructor(
    private readonly api: Pick<Api, 'createJob' | 'deleteJob'>,
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
    const { jobId, upload } = await this.api.createJob(requestFor(photo, objects, options), signal);
    try {
      await this.transfer(upload, photo.file, (share) => progress({ step: 'sending', share }), signal);
    } catch (error) {
      // A job whose photo never came would stand in the list and count against
      // the limit until it runs out. Should this fail too, it does just that.
      this.api.deleteJob(jobId).catch(() => {});
      throw error;
    }
    return jobId;
  }
}
