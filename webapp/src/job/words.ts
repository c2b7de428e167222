import type { Job, JobObject } from '../api.ts';
import { clockTime, listInWords } from '../format.ts';
import { countInWords } from '../texts/count.ts';
import { texts } from '../texts/texts.ts';

const words = texts.job;

/** Describes the stage of an object in progress. */
export const stageInWords = (stage: string | undefined): string =>
  stage ? (words.stage[stage] ?? stage) : (words.stage.starting ?? '');

/** The stages of an object in order: internal/job's Stage. */
export const stageOrder = ['fetch', 'mask', 'reconstruct', 'export'];

/** The fraction of the stages passed, for a progress bar. */
export const stageShare = (stage: string | undefined): number =>
  (stageOrder.indexOf(stage ?? '') + 1) / (stageOrder.length + 1);

/** Names the backend that made the mesh, and what it is not. */
export function backendInWords(backend: string): string {
  if (backend === 'relief') return words.relief;
  if (backend === 'sam3d') return words.sam3d;
  return backend;
}

/** What to say of an object whose mask may be wrong; empty for any other. */
export const maskAdvice = ({ mask }: JobObject): string => (mask?.check ? words.checkMask : '');

export const titleOf = (object: Pick<JobObject, 'index' | 'label'>): string =>
  object.label || words.object(object.index);

/** Says which objects are not in the scene, because the model gave no place for them. */
export function leftOutInWords(job: Job, numbers: readonly number[]): string {
  const titles = numbers.map((index) => titleOf(job.objects.find((o) => o.index === index) ?? { index }));
  return words.leftOut(listInWords(titles, 'and'), titles.length);
}

/** Names the options that decide on the mesh, to follow the time of the submission. */
export function optionsInWords({ quality, faces, seed }: NonNullable<Job['options']>): string {
  return words.options(quality, faces === undefined ? '' : countInWords(faces), seed);
}

/** Describes the state of a whole job in a sentence. */
export function jobInWords(job: Job): string {
  const total = job.objects.length;
  const done = job.objects.filter((object) => object.state === 'succeeded').length;
  const failed = job.objects.filter((object) => object.state === 'failed').length;
  switch (job.state) {
    case 'uploading':
      return uploadInWords(job.expiresAt);
    case 'queued':
      return words.queued(total);
    case 'processing':
      return words.processing(done + failed, total);
    case 'succeeded':
      return words.succeeded(total);
    case 'partial':
      return words.partial(done, failed);
    case 'failed':
      return words.failed;
  }
}

/** Only the page that received the upload form can send the photo. */
function uploadInWords(expiresAt: string | undefined): string {
  return `${words.uploading}${expiresAt === undefined ? '' : words.expires(clockTime(expiresAt))}.`;
}

/**
 * Describes what changed between two states of a job, for screen readers; empty if nothing did.
 * `sentence` describes the later state.
 */
export function changesBetween(before: Job | null, after: Job, sentence = jobInWords(after)): string {
  if (before === null) return '';
  const old = new Map(before.objects.map((object) => [object.index, object.state]));
  const became = (state: JobObject['state']): string[] =>
    after.objects.filter((object) => object.state === state && old.get(object.index) !== state).map(titleOf);
  const ready = became('succeeded');
  const failed = became('failed');
  const parts: string[] = [];
  if (ready.length > 0) parts.push(words.nowReady(listInWords(ready, 'and'), ready.length));
  if (failed.length > 0) parts.push(words.nowFailed(listInWords(failed, 'and')));
  if (before.state !== after.state) parts.push(sentence);
  return parts.join(' ');
}

/** Whether a job has made progress that a user would like to follow. */
export function hasMoved(before: Job | null, after: Job): boolean {
  if (before === null) return false;
  return (
    changesBetween(before, after) !== '' ||
    before.scene?.state !== after.scene?.state ||
    before.waiting?.reason !== after.waiting?.reason ||
    before.objects.some((object, at) => object.stage !== after.objects[at]?.stage)
  );
}
