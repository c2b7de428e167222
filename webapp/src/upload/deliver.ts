import { type Api, ApiError, unreachable } from '../api.ts';
import type { Marks } from './drafts.ts';
import { defaultOptions, readOptions } from './options.ts';
import type { QueuedPhoto } from './PhotoQueue.ts';
import { type Progress, type Promised, type SentObject, Submission } from './submission.ts';

/**
 * Submits a photo and returns the id of its job. If the photo is an earlier job's and is no longer
 * stored, it is sent with its masks.
 */
export async function deliver(
  api: Api,
  item: QueuedPhoto,
  changed: (promised: Promised | null) => void,
  progress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<string> {
  const options = readOptions(item.options ?? defaultOptions);
  if ('problem' in options) throw new ApiError('refused', options.problem);
  const submission = new Submission(api, item.promised, changed);
  try {
    return await submission.send(item.photo, await sentObjects(item), options, progress, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'photo_gone') throw error;
  }
  const { from: _, ...photo } = item.photo;
  return submission.send(photo, await sentObjects({ ...item, photo }), options, progress, signal);
}

/** The objects as they are sent, with the files of the masks that the service does not have. */
async function sentObjects({ boxes, photo }: Marks & Pick<QueuedPhoto, 'photo'>): Promise<SentObject[]> {
  const objects: SentObject[] = [];
  // One after the other: encoding the mask of a large photo takes much memory.
  for (const { box, label, points = [], mask } of boxes) {
    const object = { box, label, points };
    if (!mask) objects.push(object);
    else if (mask.copyOf !== undefined && photo.from !== undefined)
      objects.push({ ...object, mask: { copy: mask.copyOf } });
    else {
      const { grayPng } = await import('../masks/tools.ts').catch(() => Promise.reject(unreachable()));
      objects.push({ ...object, mask: await grayPng(mask) });
    }
  }
  return objects;
}
