/** Formats figures, in the same way everywhere on the page. */

const whole = new Intl.NumberFormat('en');

export const countInWords = (count: number): string => whole.format(count);

/** Formats a file's size, rounded, in units of 1024, as the service's messages do. */
export function bytesInWords(bytes: number): string {
  if (bytes < 1000) return exactBytesInWords(bytes);
  const kilobytes = Math.round(bytes / 1024);
  if (kilobytes < 1024) return `${kilobytes} KB`;
  return `${Math.round((bytes / (1 << 20)) * 10) / 10} MB`;
}

/** Formats a file's size to the byte. */
export const exactBytesInWords = (bytes: number): string =>
  bytes === 1 ? '1 byte' : `${countInWords(bytes)} bytes`;

/**
 * Says that a file is too large, to the byte, so that a size just above the limit differs from it.
 */
export function tooManyBytesInWords(bytes: number, most: number): string {
  const limit = most < 1000 ? exactBytesInWords(most) : `${bytesInWords(most)} (${exactBytesInWords(most)})`;
  return `The photo is ${exactBytesInWords(bytes)}; the limit is ${limit}. Save it smaller and try again.`;
}

/** Formats a limit on width times height. */
export const pixelLimitInWords = (most: number): string =>
  most >= 1_000_000 && most % 1_000_000 === 0
    ? `${countInWords(most / 1_000_000)} megapixels`
    : `${countInWords(most)} pixels`;

/** Says that a picture is too large. */
export const tooManyPixelsInWords = (width: number, height: number, most: number): string =>
  `The photo is ${width} × ${height} pixels; the limit is ${pixelLimitInWords(most)}. Scale it down and try again.`;

export const pixelsInWords = (width: number, height: number): string => `${width} × ${height} px`;

export function durationInWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export function costInWords(usd: number): string {
  if (usd === 0) return '$0';
  if (usd < 0.0001) return 'under $0.0001';
  return `$${usd < 0.1 ? usd.toFixed(4) : usd.toFixed(2)}`;
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** Formats how long ago a time was, in minutes and above; a date after a week. */
export function agoInWords(iso: string, now: number): string {
  const then = Date.parse(iso);
  if (Number.isNaN(then)) return '';
  const minutes = Math.round((then - now) / 60_000);
  if (minutes > -1) return 'just now';
  if (minutes > -60) return relative.format(minutes, 'minute');
  if (minutes > -24 * 60) return relative.format(Math.round(minutes / 60), 'hour');
  if (minutes > -7 * 24 * 60) return relative.format(Math.round(minutes / 60 / 24), 'day');
  return new Date(then).toLocaleDateString('en', { day: 'numeric', month: 'short', year: 'numeric' });
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
export function listInWords(words: readonly string[], joint = 'or'): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} ${joint} ${words.at(-1)}`;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
