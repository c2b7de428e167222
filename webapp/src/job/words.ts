import type { Job, JobObject } from '../api.ts';
import { clockTime, listInWords, plural } from '../format.ts';

const stages: Readonly<Record<string, string>> = {
  fetch: 'Reading the photo',
  mask: 'Finding the object',
  reconstruct: 'Building the mesh',
  export: 'Writing the files',
};

/** Describes the stage of an object in progress. */
export const stageInWords = (stage: string | undefined): string =>
  stage ? (stages[stage] ?? stage) : 'Starting';

const stageOrder = ['fetch', 'mask', 'reconstruct', 'export'];

/** The fraction of the stages passed, for a progress bar. */
export const stageShare = (stage: string | undefined): number =>
  (stageOrder.indexOf(stage ?? '') + 1) / (stageOrder.length + 1);

/** Names the backend that made the mesh, and what it is not. */
export function backendInWords(backend: string): string {
  if (backend === 'relief') return 'relief: a CPU preview, not SAM 3D';
  if (backend === 'sam3d') return 'SAM 3D Objects';
  return backend;
}

/** What to say of an object whose mask may be wrong; empty for any other. */
export const maskAdvice = ({ mask }: JobObject): string =>
  mask?.check
    ? 'Check the mask: the model is not sure that it found the object. If the mesh is wrong, submit the photo again with a closer box.'
    : '';

export const titleOf = (object: Pick<JobObject, 'index' | 'label'>): string =>
  object.label || `Object ${object.index}`;

/** Says which objects are not in the scene, because the model gave no place for them. */
export function leftOutInWords(job: Job, numbers: readonly number[]): string {
  const titles = numbers.map((index) => titleOf(job.objects.find((o) => o.index === index) ?? { index }));
  return `Without ${listInWords(titles, 'and')}: the model gave no place in the photo for ${titles.length === 1 ? 'it' : 'them'}.`;
}

/** Names the options that decide on the mesh, to follow the time of the submission. */
export function optionsInWords({ quality, faces, seed }: NonNullable<Job['options']>): string {
  const triangles = faces === undefined ? '' : `, ${faces.toLocaleString('en')} triangles`;
  return `, ${quality} quality${triangles}, seed ${seed}`;
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
      return `The photo has arrived. ${plural(total, 'object')} waiting to start.`;
    case 'processing':
      return `${done + failed} of ${plural(total, 'object')} finished.`;
    case 'succeeded':
      return total === 1 ? 'The mesh is ready.' : `${total} meshes are ready.`;
    case 'partial':
      return `${plural(done, 'mesh is', 'meshes are')} ready; ${plural(failed, 'object')} failed.`;
    case 'failed':
      return 'No mesh could be made.';
  }
}

/** Only the page that received the upload form can send the photo. */
function uploadInWords(expiresAt: string | undefined): string {
  const wait =
    'The photo has not arrived yet. If the page that was sending it is closed, submit the photo again';
  if (expiresAt === undefined) return `${wait}.`;
  return `${wait}; this job expires at ${clockTime(expiresAt)}.`;
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
  if (ready.length > 0)
    parts.push(`${listInWords(ready, 'and')} ${ready.length === 1 ? 'is' : 'are'} ready.`);
  if (failed.length > 0) parts.push(`${listInWords(failed, 'and')} failed.`);
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
