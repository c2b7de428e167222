import type { Limits } from '../config.ts';
import { pixelsInWords, tooManyBytesInWords, tooManyPixelsInWords, typeInWords } from '../format.ts';
import { texts } from '../texts/texts.ts';
import { acceptedInWords } from './limits.ts';
import { sniff } from './sniff.ts';

const words = texts.upload.check;

/** A photo that the service accepts. */
export interface Photo {
  readonly file: Blob;
  readonly name: string;
  readonly type: string;
  /** Pixels as shown, after the orientation is applied. */
  readonly width: number;
  readonly height: number;
  readonly alpha: boolean;
  /** The job whose stored photo this is, so that it is not sent again. */
  readonly from?: string;
}

/** A photo, or one sentence that says why the file is refused and what to do. */
export type Checked = { readonly photo: Photo } | { readonly problem: string };

/** Checks a file before it is sent, by its bytes; the suffix of its name is ignored. */
export async function checkFile(file: Blob, name: string, limits: Limits): Promise<Checked> {
  const wanted = acceptedInWords(limits);
  if (file.size === 0) return { problem: words.empty };
  if (file.size > limits.maxBytes) return { problem: tooManyBytesInWords(file.size, limits.maxBytes) };
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    return { problem: words.unreadable };
  }
  const found = sniff(bytes);
  if (found === null) return { problem: words.unknown(wanted) };
  if ('foreign' in found) return { problem: words.foreign(found.foreign, wanted) };
  const { type, width, height, alpha, complete } = found;
  if (!limits.contentTypes.includes(type)) return { problem: words.wrongType(typeInWords(type), wanted) };
  if (width < limits.minSide || height < limits.minSide)
    return { problem: words.small(pixelsInWords(width, height), limits.minSide) };
  if (width * height > limits.maxPixels)
    return { problem: tooManyPixelsInWords(width, height, limits.maxPixels) };
  if (!complete) return { problem: words.cutOff };
  return { photo: { file, name, type, width, height, alpha } };
}
