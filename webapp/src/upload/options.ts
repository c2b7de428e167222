import type { OptionsRequest } from '../api.ts';
import { type FileFormat, formats } from '../formats.ts';
import { defaultQuality, facesRange, type Quality } from '../qualities.ts';
import { texts } from '../texts/texts.ts';

/** The values of the option fields, valid or not. */
export interface OptionsDraft {
  readonly seed: string;
  readonly formats: readonly FileFormat[];
  /** Absent in a draft of an earlier version of the page, as is `faces`. */
  readonly quality?: Quality;
  readonly faces?: string;
}

/** The options of a photo for which the user has chosen none. */
export const defaultOptions: OptionsDraft = {
  seed: '0',
  formats: formats.filter((info) => info.default).map(({ format }) => format),
  quality: defaultQuality,
  faces: '',
};

/** A field whose value cannot be used, and why. */
export interface OptionsProblem {
  readonly field: 'faces' | 'seed' | 'formats';
  readonly problem: string;
}

const largestSeed = 4294967295;

/** Returns the options for the request, or the first field that is wrong. */
export function readOptions(draft: OptionsDraft): OptionsRequest | OptionsProblem {
  const words = texts.upload.options;
  const { least, most } = facesRange;
  const faces = (draft.faces ?? '').trim().replaceAll(',', '');
  if (faces !== '' && !(/^\d{1,6}$/.test(faces) && Number(faces) >= least && Number(faces) <= most))
    return { field: 'faces', problem: words.badFaces(least, most) };
  const seed = draft.seed.trim() || '0';
  if (!/^\d{1,10}$/.test(seed) || Number(seed) > largestSeed)
    return { field: 'seed', problem: words.badSeed(largestSeed) };
  if (draft.formats.length === 0) return { field: 'formats', problem: words.noFormat };
  return {
    seed: Number(seed),
    formats: draft.formats,
    quality: draft.quality ?? defaultQuality,
    ...(faces === '' ? {} : { faces: Number(faces) }),
  };
}
