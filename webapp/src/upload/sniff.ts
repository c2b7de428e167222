/**
 * Detects a photo from its bytes: type, size in pixels as shown, transparency, and whether the file
 * is complete. It never decodes the picture, so a header that claims a huge one costs nothing.
 *
 * Sources: PNG (W3C, third edition) §5 and §11; JPEG (ITU-T T.81) annex B, with Exif 2.32 §4.6.2
 * for the orientation; WebP (RFC 9649) §2.
 */

export interface Sniffed {
  readonly type: 'image/png' | 'image/jpeg' | 'image/webp';
  /** Pixels of the picture as browsers show it, after EXIF orientation. */
  readonly width: number;
  readonly height: number;
  /** Whether the format of the file has an alpha channel. */
  readonly alpha: boolean;
  /** Whether the file is not truncated. */
  readonly complete: boolean;
}

/** A kind of file that Gen3D does not accept, named for the message. */
export interface Foreign {
  readonly foreign: string;
}

const ascii = (bytes: Uint8Array, start: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(start, start + length));

/** Detects the format of the bytes; returns another kind of file by name, or null if unknown. */
export function sniff(bytes: Uint8Array): Sniffed | Foreign | null {
  if (ascii(bytes, 0, 8) === '\x89PNG\r\n\x1a\n') return sniffPng(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return sniffJpeg(bytes);
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 4) === 'WEBP') return sniffWebp(bytes);
  const foreign = foreignName(bytes);
  return foreign ? { foreign } : null;
}

function foreignName(bytes: Uint8Array): string | null {
  if (ascii(bytes, 4, 4) === 'ftyp') {
    const brand = ascii(bytes, 8, 4);
    if (/^(heic|heix|heim|heis|hevc|hevx|mif1|msf1)$/.test(brand)) return 'HEIC';
    if (/^avi[fs]$/.test(brand)) return 'AVIF';
    return 'video';
  }
  if (/^GIF8[79]a$/.test(ascii(bytes, 0, 6))) return 'GIF';
  if (/^(II\*\0|MM\0\*)$/.test(ascii(bytes, 0, 4))) return 'TIFF';
  if (ascii(bytes, 0, 4) === '%PDF') return 'PDF';
  if (ascii(bytes, 0, 2) === 'BM') return 'BMP';
  if (/^\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<svg/s.test(ascii(bytes, 0, 512))) return 'SVG';
  return null;
}

function sniffPng(bytes: Uint8Array): Sniffed | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33 || ascii(bytes, 12, 4) !== 'IHDR') return null;
  const color = bytes[25] ?? 0;
  let alpha = color === 4 || color === 6;
  let complete = false;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const kind = ascii(bytes, at + 4, 4);
    if (kind === 'tRNS') alpha = true;
    if (kind === 'IEND') {
      complete = true;
      break;
    }
    at += 12 + length;
  }
  return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20), alpha, complete };
}

function sniffJpeg(bytes: Uint8Array): Sniffed | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let size: { width: number; height: number } | null = null;
  let turned = false;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1; // A fill byte before a marker.
      continue;
    }
    const length = view.getUint16(at + 2);
    if (marker === 0xe1 && !turned) turned = exifOrientation(bytes.subarray(at + 4, at + 2 + length)) >= 5;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame && at + 9 <= bytes.length)
      size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += 2 + length;
    if (marker === 0xda) break;
  }
  if (!size) return null;
  const { width, height } = turned ? { width: size.height, height: size.width } : size;
  return { type: 'image/jpeg', width, height, alpha: false, complete: hasEndOfImage(bytes, at) };
}

/**
 * In compressed data FF is always followed by 00 or a restart marker, so FF D9 past the first scan
 * is the end.
 */
function hasEndOfImage(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.length - 2; at >= from; at -= 1) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  }
  return false;
}

/** Returns the EXIF orientation, 1 to 8, of an APP1 segment; 1 if it has none. */
export function exifOrientation(segment: Uint8Array): number {
  if (ascii(segment, 0, 6) !== 'Exif\0\0' || segment.length < 14) return 1;
  const tiff = new DataView(segment.buffer, segment.byteOffset + 6, segment.byteLength - 6);
  const order = tiff.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const little = order === 0x4949;
  const start = tiff.getUint32(4, little);
  if (start + 2 > tiff.byteLength) return 1;
  const entries = tiff.getUint16(start, little);
  for (let i = 0; i < entries; i += 1) {
    const entry = start + 2 + i * 12;
    if (entry + 12 > tiff.byteLength) return 1;
    if (tiff.getUint16(entry, little) !== 0x0112) continue;
    const value = tiff.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

function sniffWebp(bytes: Uint8Array): Sniffed | null {
  if (bytes.length < 30) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const complete = bytes.length >= view.getUint32(4, true) + 8;
  const u24 = (at: number): number => view.getUint16(at, true) | ((bytes[at + 2] ?? 0) << 16);
  const found = (width: number, height: number, alpha: boolean): Sniffed => ({
    type: 'image/webp',
    width,
    height,
    alpha,
    complete,
  });
  switch (ascii(bytes, 12, 4)) {
    case 'VP8 ':
      return found(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff, false);
    case 'VP8L': {
      const bits = view.getUint32(21, true);
      return found((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1, ((bits >>> 28) & 1) === 1);
    }
    case 'VP8X':
      return found(u24(24) + 1, u24(27) + 1, ((bytes[20] ?? 0) & 0x10) !== 0);
    default:
      return null;
  }
}
