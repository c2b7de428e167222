import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Limits } from '../config.ts';

/** Reads a photo of the repository's test data. Tests run in webapp/. */
export const photoBytes = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(join(process.cwd(), '../testdata/photos', name)));

/** A PNG header that claims this size, then the end chunk: no pixels. */
export function pngClaiming(width: number, height: number, color = 2): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(33 + 12);
  const view = new DataView(bytes.buffer);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  view.setUint32(8, 13);
  bytes.set(new TextEncoder().encode('IHDR'), 12);
  view.setUint32(16, width);
  view.setUint32(20, height);
  bytes[24] = 8;
  bytes[25] = color;
  bytes.set(new TextEncoder().encode('IEND'), 33 + 4);
  return bytes;
}

/** The limits of a new stack. */
export const limits: Limits = {
  maxBytes: 20 * 1024 * 1024,
  maxPixels: 50_000_000,
  minSide: 64,
  maxObjects: 16,
  minBox: 8,
  maxUnfinished: 20,
  contentTypes: ['image/png', 'image/jpeg', 'image/webp'],
};
