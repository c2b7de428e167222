import type { Job, JobObject, ResultFile } from '../../api.ts';
import type { FileFormat } from '../../formats.ts';

/** What a user chooses by: a format, or the pictures that belong to the job. */
export type Group = FileFormat | 'pictures';

/** A file of a job that goes into its zip file. */
export interface Entry {
  readonly group: Group;
  readonly owner: 'photo' | 'scene' | number;
  readonly kind: FileFormat | 'photo' | 'mask' | 'preview';
  /** Its name in the zip file, with folders; without a suffix if the media type decides on it. */
  readonly path: string;
  /** Its size, if the job tells it. */
  readonly bytes: number | null;
  /** Returns the file's link in a later description of the job, if that has one. */
  link(job: Job): string | undefined;
}

/** The files of a job: photo, scene, and of each object its files, mask and preview. */
export function entriesOf(job: Job): Entry[] {
  const entries: Entry[] = [];
  if (job.source?.url)
    entries.push({
      group: 'pictures',
      owner: 'photo',
      kind: 'photo',
      path: `photo/${safeName(job.source.name)}`,
      bytes: job.source.bytes,
      link: (now) => now.source?.url,
    });
  for (const file of job.scene?.files ?? [])
    entries.push(stored(file, 'scene', 'scene', (now) => now.scene?.files));
  for (const object of job.objects) entries.push(...entriesOfObject(object));
  return entries;
}

function entriesOfObject(object: JobObject): Entry[] {
  const { index } = object;
  const folder = `objects/${safeName(object.label ? `${index} ${object.label}` : String(index))}`;
  const now = (job: Job): JobObject | undefined => job.objects.find((one) => one.index === index);
  const entries = object.files.map((file) => stored(file, index, folder, (job) => now(job)?.files));
  const picture = { group: 'pictures', owner: index, bytes: null } as const;
  if (object.mask?.url)
    entries.push({ ...picture, kind: 'mask', path: `${folder}/mask`, link: (job) => now(job)?.mask?.url });
  if (object.preview)
    entries.push({
      ...picture,
      kind: 'preview',
      path: `${folder}/preview`,
      link: (job) => now(job)?.preview,
    });
  return entries;
}

const stored = (
  { format, name, bytes }: ResultFile,
  owner: Entry['owner'],
  folder: string,
  files: (job: Job) => readonly ResultFile[] | undefined,
): Entry => ({
  group: format,
  owner,
  kind: format,
  path: `${folder}/${safeName(name)}`,
  bytes,
  link: (job) => files(job)?.find((file) => file.format === format)?.url,
});

const suffixes: Readonly<Record<string, string>> = {
  'image/png': '.png',
  'image/webp': '.webp',
  'image/avif': '.avif',
  'image/jpeg': '.jpg',
};

/** The name in the zip file of a file that was fetched with a media type. */
export const pathOf = ({ kind, path }: Entry, type: string): string =>
  kind === 'mask' || kind === 'preview' ? path + (suffixes[type] ?? '') : path;

/**
 * Replaces what a name of a file must not have on any system, as Windows defines it, which includes
 * a way out of the folder: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
 */
export const safeName = (name: string): string =>
  name
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are to be replaced.
    .replace(/[\\/:*?"<>|\u0000-\u001f\u007f]+/g, '-')
    .replace(/^[. ]+|[. ]+$/g, '')
    .slice(0, 120) || 'file';

/** The name of a job's zip file. */
export const archiveName = (job: Job): string =>
  `${safeName((job.source?.name ?? '').replace(/\.[^.]*$/, '') || 'job')}.zip`;
