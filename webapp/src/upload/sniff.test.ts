import { describe, expect, it } from 'vitest';
import { photoBytes, pngClaiming } from './photos.testing.ts';
import { exifOrientation, sniff } from './sniff.ts';

const text = (words: string) => new TextEncoder().encode(words.padEnd(64, ' '));

describe('sniff on real photos', () => {
  it.each([
    ['coffee.jpg', 'image/jpeg', 600, 400, false],
    ['coffee-orientation-6.jpg', 'image/jpeg', 600, 400, false],
    ['cat.webp', 'image/webp', 160, 106, false],
    ['coins.png', 'image/png', 384, 303, false],
  ])('%s', (name, type, width, height, alpha) => {
    expect(sniff(photoBytes(name))).toEqual({ type, width, height, alpha, complete: true });
  });

  it('detects transparency', () => {
    expect(sniff(photoBytes('cat-cutout.png'))).toMatchObject({ type: 'image/png', width: 320, alpha: true });
  });

  it.each(['coffee.jpg', 'coins.png', 'cat.webp'])('detects that %s is truncated, at any byte', (name) => {
    const bytes = photoBytes(name);
    for (const share of [0.35, 0.6, 0.95, 0.999]) {
      expect(sniff(bytes.subarray(0, Math.floor(bytes.length * share)))).toMatchObject({ complete: false });
    }
  });

  it('accepts bytes after the end', () => {
    const jpeg = photoBytes('coffee.jpg');
    const longer = new Uint8Array(jpeg.length + 1000);
    longer.set(jpeg);
    expect(sniff(longer)).toMatchObject({ complete: true });
  });
});

describe('sniff on other files', () => {
  it.each([
    ['HEIC', '\0\0\0\x18ftypheic'],
    ['AVIF', '\0\0\0\x18ftypavif'],
    ['video', '\0\0\0\x18ftypmp42'],
    ['GIF', 'GIF89a'],
    ['TIFF', 'II*\0'],
    ['PDF', '%PDF-1.7'],
    ['BMP', 'BM'],
    ['SVG', '<?xml version="1.0"?><svg'],
  ])('names %s', (foreign, start) => expect(sniff(text(start))).toEqual({ foreign }));

  it('returns null for text, an empty file, or a header alone', () => {
    expect(sniff(text('hello'))).toBeNull();
    expect(sniff(new Uint8Array())).toBeNull();
    expect(sniff(new Uint8Array([0xff, 0xd8, 0xff]))).toBeNull();
    expect(sniff(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))).toBeNull();
  });

  it('reads a huge size without decoding', () => {
    expect(sniff(pngClaiming(4_000_000_000, 3_000_000_000))).toMatchObject({
      width: 4_000_000_000,
      height: 3_000_000_000,
    });
  });

  it('survives any damage to real files', () => {
    for (const name of ['coffee-orientation-6.jpg', 'cat.webp', 'cat-cutout.png']) {
      const bytes = photoBytes(name).subarray(0, 3000);
      for (let at = 0; at < 600; at += 1) {
        const damaged = bytes.slice();
        damaged[at] = 0xff - (damaged[at] ?? 0);
        expect(() => sniff(damaged)).not.toThrow();
        expect(() => sniff(bytes.subarray(0, at))).not.toThrow();
      }
    }
  });
});

describe('exifOrientation', () => {
  it('is 1 if there is none', () => {
    expect(exifOrientation(new Uint8Array())).toBe(1);
    expect(exifOrientation(text('Exif\0\0II*\0'))).toBe(1);
  });
});
