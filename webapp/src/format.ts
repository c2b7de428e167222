import { countInWords } from './texts/count.ts';
import { texts } from './texts/texts.ts';

/** Formats figures, in the same way everywhere on the page. */

/** Formats a file's size, rounded, in units of 1024, as the service's messages do. */
export function bytesInWords(bytes: number): string {
  if (bytes < 1000) return exactBytesInWords(bytes);
  const kilobytes = Math.round(bytes / 1024);
  if (kilobytes < 1024) return texts.format.kilobytes(kilobytes);
  return texts.format.megabytes(Math.round((bytes / (1 << 20)) * 10) / 10);
}

/** Formats a file's size to the byte. */
export const exactBytesInWords = (bytes: number): string =>
  texts.format.bytes(countInWords(bytes), bytes === 1);

/** Says that a file is too large; to the byte where the rounded sizes do not differ. */
export function tooManyBytesInWords(bytes: number, most: number): string {
  const [size, limit] = [bytesInWords(bytes), bytesInWords(most)];
  if (size !== limit) return texts.format.tooManyBytes(size, limit);
  const exactly = (of: number): string => texts.format.sizeExactly(bytesInWords(of), exactBytesInWords(of));
  return texts.format.tooManyBytes(exactly(bytes), exactly(most));
}

/** Formats a limit on width times height. */
export const pixelLimitInWords = (most: number): string =>
  most >= 1_000_000 && most % 1_000_000 === 0
    ? texts.format.megapixels(countInWords(most / 1_000_000))
    : texts.format.pixels(countInWords(most));

/** Says that a picture is too large. */
export const tooManyPixelsInWords = (width: number, height: number, most: number): string =>
  texts.format.tooManyPixels(width, height, pixelLimitInWords(most));

export const pixelsInWords = (width: number, height: number): string => texts.format.size(width, height);

export function durationInWords(ms: number): string {
  if (ms < 1000) return texts.format.milliseconds(Math.round(ms));
  if (ms < 60_000) return texts.format.seconds((ms / 1000).toFixed(1));
  const seconds = Math.round(ms / 1000);
  return texts.format.minutes(Math.floor(seconds / 60), seconds % 60);
}

export function costInWords(usd: number): string {
  if (usd === 0) return texts.format.freeOfCharge;
  if (usd < 0.0001) return texts.format.hardlyAnything;
  return texts.format.dollars(usd < 0.1 ? usd.toFixed(4) : usd.toFixed(2));
}

// Making a formatter takes longer than using it a hundred times.
const dates = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' });
const moments = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

/** Formats a date with its time of day, in the browser's time zone. */
export function momentInWords(iso: string): string {
  const then = Date.parse(iso);
  return Number.isNaN(then) ? '' : moments.format(then);
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** Formats how long ago a time was, in minutes and above; a date after a week. */
export function agoInWords(iso: string, now: number): string {
  const then = Date.parse(iso);
  if (Number.isNaN(then)) return '';
  const minutes = Math.round((then - now) / 60_000);
  if (minutes > -1) return texts.format.justNow;
  if (minutes > -60) return relative.format(minutes, 'minute');
  if (minutes > -24 * 60) return relative.format(Math.round(minutes / 60), 'hour');
  if (minutes > -7 * 24 * 60) return relative.format(Math.round(minutes / 60 / 24), 'day');
  return dates.format(then);
}

/** Formats the time of day in the browser's locale and time zone. */
export const clockTime = (iso: string): string =>
  new Date(iso).toLocaleTimeString('en', { hour: 'numeric', minute: '2-digit' });

const typeNames: Readonly<Record<string, string>> = {
  'image/jpeg': 'JPEG',
  'image/png': 'PNG',
  'image/webp': 'WebP',
};

export const typeInWords = (type: string): string => typeNames[type] ?? type;

/** Joins items as "a, b or c". */
export function listInWords(words: readonly string[], joint: string = texts.format.or): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} ${joint} ${words.at(-1)}`;
}
