import type { Limits } from '../config.ts';
import { texts } from '../texts/texts.ts';
import { checkFile, type Photo } from './check.ts';

/** The photos among files that the user chose, and what is wrong with the others. */
export interface Chosen {
  readonly photos: readonly Photo[];
  readonly problems: readonly string[];
}

/** Checks files that the user chose, one after the other: a check reads the whole file. */
export async function checkChosen(files: readonly File[], limits: Limits): Promise<Chosen> {
  const photos: Photo[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const name = file.name || texts.upload.desk.pasted;
    const checked = await checkFile(file, name, limits);
    if ('photo' in checked) photos.push(checked.photo);
    else problems.push(files.length > 1 ? `${name}: ${checked.problem}` : checked.problem);
  }
  return { photos, problems };
}
