import type { Limits } from '../config.ts';
import {
  bytesInWords,
  listInWords,
  pixelLimitInWords,
  pixelsInWords,
  tooManyBytesInWords,
  tooManyPixelsInWords,
  typeInWords,
} from '../format.ts';
import { sniff } from './sniff.ts';

/** A photo that the service accepts. */
export interface Photo {
  readonly file: Blob;
  readonly name: string;
  readonly type: string;
  /** Pixels as shown, after the orientation is applied. */
  readonly width: number;
  readonly height: number;
  readonly alpha: boolean;
}

/** A photo, or one sentence that says why the file is refused and what to do. */
export type Checked = { readonly photo: Photo } | { readonly problem: string };

export const acceptedInWords = (limits: Limits): string => listInWords(limits.contentTypes.map(typeInWords));

/** Describes in one line the photos that are accepted. */
export const limitsInWords = (limits: Limits): string =>
  `${acceptedInWords(limits)} · up to ${bytesInWords(limits.maxBytes)} and ${pixelLimitInWords(limits.maxPixels)} · each side at least ${limits.minSide} px`;

/** Checks a file before it is sent, by its bytes; the suffix of its name is ignored. */
export async function checkFile(file: Blob, name: string, limits: Limits): Promise<Checked> {
  const wanted = acceptedInWords(limits);
  if (file.size === 0) return { problem: 'This file is empty. Choose another photo.' };
  if (file.size > limits.maxBytes) {
    return { problem: tooManyBytesInWords(file.size, limits.maxBytes) };
  }
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    return { problem: 'This file cannot be read. Copy it to this device and choose it again.' };
  }
  const found = sniff(bytes);
  if (found === null)
    return { problem: `This file is not a photo that Gen3D can read. Choose a ${wanted} file.` };
  if ('foreign' in found) {
    return {
      problem: `This is a ${found.foreign} file. Save or export the photo as ${wanted} and choose that.`,
    };
  }
  const { type, width, height, alpha, complete } = found;
  if (!limits.contentTypes.includes(type)) {
    return { problem: `This is a ${typeInWords(type)} file. Save the photo as ${wanted} and choose that.` };
  }
  if (width < limits.minSide || height < limits.minSide) {
    return {
      problem: `This photo has ${pixelsInWords(width, height)}; each side needs at least ${limits.minSide}. Choose a larger one.`,
    };
  }
  if (width * height > limits.maxPixels) {
    return { problem: tooManyPixelsInWords(width, height, limits.maxPixels) };
  }
  if (!complete)
    return {
      problem: 'This photo is cut off: the end of the file is missing. Copy it again or choose another one.',
    };
  return { photo: { file, name, type, width, height, alpha } };
}
