import type { JobSummary } from '../api.ts';
import { texts } from '../texts/texts.ts';

export const nameOf = (job: JobSummary): string => job.name || texts.jobs.untitled;

/** Describes the result or progress of a job in one line. */
export function progressInWords({ state, objects }: JobSummary): string {
  const { total, succeeded, failed } = objects;
  if (state === 'uploading') return texts.jobs.waitingForPhoto;
  if (total === 0) return '';
  if (state === 'succeeded') return texts.jobs.meshes(succeeded);
  if (state === 'failed') return texts.jobs.noMeshOf(total);
  return texts.jobs.someMeshes(succeeded, total, failed);
}

/** Why no mesh was made; empty for a job that has one or may still get one. */
export function reasonInWords({ state, error }: JobSummary): string {
  if (state !== 'failed') return '';
  return error?.message ?? texts.jobs.severalReasons;
}
