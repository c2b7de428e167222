import type { Job, JobObject } from '../api.ts';
import { clockTime, listInWords, plural } from '../format.ts';

const stages: Readonly<Record<string, string>> = {
  fetch: 'Reading the photo',
  mask: 'Finding the object',
  reconstruct: 'Building the mesh',
  export: 'Writing the files',
};

/** The stage of an object that is being worked on. */
export const stageInWords = (stage: string | undefined): string =>
  stage ? (stages[stage] ?? stage) : 'Starting';

const stageOrder = ['fetch', 'mask', 'reconstruct', 'export'];

/** Stages passed, of all, for a bar. */
export const stageShare = (stage: string | undefined): number =>
  (stageOrder.indexOf(stage ?? '') + 1) / (stageOrder.length + 1);

/** Who made the mesh, without making it more than it is. */
export function backendInWords(backend: string): string {
  if (backend === 'relief') return 'relief: a CPU preview, not SAM 3D';
  if (backend === 'sam3d') return 'SAM 3D Objects';
  return backend;
}

export const titleOf = (object: JobObject): string => object.label || `Object ${object.index}`;

/** The state of a whole job in a sentence. */
export function jobInWords(job: Job): string {
  const total = job.objects.length;
  const done = job.objects.filter((object) => object.state === 'succeeded').length;
  const failed = job.objects.filter((object) => object.state === 'failed').length;
  switch (job.state) {
    case 'uploading':
      return uploadInWords(job.expiresAt);
    case 'queued':
      return `The photo is in. ${plural(total, 'object')} waiting for a free place.`;
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

/** A photo comes only from the page that was given the form for it. */
function uploadInWords(expiresAt: string | undefined): string {
  const wait =
    'The photo has not arrived yet. If the page that was sending it is closed, submit the photo again';
  if (expiresAt === undefined) return `${wait}.`;
  return `${wait}; this job ends by itself at ${clockTime(expiresAt)}.`;
}

/** What changed between two looks at a job, for screen readers; empty where nothing did. */
export function newsBetween(before: Job | null, after: Job): string {
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
  if (before.state !== after.state) parts.push(jobInWords(after));
  return parts.join(' ');
}
