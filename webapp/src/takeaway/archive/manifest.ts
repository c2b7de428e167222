import type { Job, JobObject, JobPhoto, Scene } from '../../api.ts';
import type { Entry, Group } from './entries.ts';

/** A file that is in the zip file. */
export interface Saved {
  readonly entry: Entry;
  readonly path: string;
  readonly bytes: number;
}

/** A file that is not, although it was chosen. */
export interface Missing {
  readonly entry: Entry;
  readonly reason: string;
}

export interface Contents {
  readonly chosen: readonly Group[];
  readonly saved: readonly Saved[];
  readonly missing: readonly Missing[];
}

/**
 * The list of a zip file's contents, its file manifest.json: what the job was, and where each file
 * is. It has no links, which would let others fetch the files, and nothing about the user.
 */
export function manifestOf(job: Job, { chosen, saved, missing }: Contents, version: string, now: Date) {
  const files = (owner: Entry['owner']) =>
    saved
      .filter(({ entry }) => entry.owner === owner && entry.kind === entry.group)
      .map(({ entry, path, bytes }) => ({ format: entry.kind, path, bytes }));
  const picture = (owner: Entry['owner'], kind: Entry['kind']): string | undefined =>
    saved.find(({ entry }) => entry.owner === owner && entry.kind === kind)?.path;
  const ofObject = (object: JobObject) => {
    const { index, label = '', box, state, error, backend, mesh, mask, timing, cost } = object;
    const { url: _, ...facts } = mask ?? {};
    return {
      index,
      label,
      box,
      state,
      error,
      backend,
      mesh,
      mask: mask && { ...facts, path: picture(index, 'mask') },
      preview: picture(index, 'preview'),
      timing,
      cost,
      files: files(index),
    };
  };
  const ofScene = ({ state, error, objects, unplaced }: Scene) => ({
    state,
    error,
    objects,
    unplaced,
    files: files('scene'),
  });
  const ofPhoto = ({ name, width, height, bytes, contentType }: JobPhoto) => ({
    name,
    width,
    height,
    bytes,
    contentType,
    path: picture('photo', 'photo'),
  });
  return {
    version: 1,
    service: { name: 'Gen3D', version },
    savedAt: now.toISOString(),
    job: { id: job.jobId, createdAt: job.createdAt, state: job.state, error: job.error },
    options: job.options,
    photo: job.source && ofPhoto(job.source),
    objects: job.objects.map(ofObject),
    scene: job.scene && ofScene(job.scene),
    chosen,
    missing: missing.map(({ entry, reason }) => ({ path: entry.path, reason })),
  };
}
