import type { Limits } from '../config.ts';
import { bytesInWords, listInWords, pixelLimitInWords, typeInWords } from '../format.ts';
import { texts } from '../texts/texts.ts';

/** Names the accepted types of photos. */
export const acceptedInWords = (limits: Limits): string => listInWords(limits.contentTypes.map(typeInWords));

/** Describes in one line the photos that are accepted. */
export const limitsInWords = (limits: Limits): string =>
  texts.upload.zone.limits(
    acceptedInWords(limits),
    bytesInWords(limits.maxBytes),
    pixelLimitInWords(limits.maxPixels),
    limits.minSide,
  );
