import { describe, expect, it } from 'vitest';
import { checkFile } from './check.ts';
import { limitsInWords } from './limits.ts';
import { limits, photoBytes, pngClaiming } from './photos.testing.ts';

/** A file as the browser returns it; the content of jsdom's own cannot be read. */
function file(bytes: Uint8Array, size = bytes.length): Blob {
  return { size, arrayBuffer: () => Promise.resolve(bytes.slice().buffer) } as unknown as Blob;
}

async function problemOf(blob: Blob, within = limits): Promise<string> {
  const checked = await checkFile(blob, 'photo', within);
  return 'problem' in checked ? checked.problem : 'none';
}

describe('checkFile', () => {
  it('detects the type by the bytes, not by the name', async () => {
    const checked = await checkFile(file(photoBytes('coffee.jpg')), 'coffee.png', limits);
    expect(checked).toMatchObject({
      photo: { type: 'image/jpeg', width: 600, height: 400, name: 'coffee.png' },
    });
  });

  it('returns the size of a rotated photo as shown', async () => {
    const checked = await checkFile(file(photoBytes('coffee-orientation-6.jpg')), 'x.jpg', limits);
    expect(checked).toMatchObject({ photo: { width: 600, height: 400 } });
  });

  it('says what is wrong with a file and what to do', async () => {
    const jpeg = photoBytes('coffee.jpg');
    expect(await problemOf(file(new Uint8Array()))).toMatch(/empty.*Choose another/);
    expect(await problemOf(file(jpeg, 25 * 1024 * 1024))).toMatch(/is 25 MB; the limit is 20 MB/);
    expect(await problemOf(file(new TextEncoder().encode('not a photo')))).toMatch(
      /not a photo.*PNG, JPEG or WebP/,
    );
    expect(await problemOf(file(new TextEncoder().encode('\0\0\0\x18ftypheic    ')))).toMatch(
      /HEIC files.*Export/,
    );
    expect(await problemOf(file(pngClaiming(10, 10)))).toMatch(/10 × 10 px.*at least 64/);
    expect(await problemOf(file(pngClaiming(60_000, 60_000)))).toMatch(
      /60000 × 60000 pixels; the limit is 50 megapixels/,
    );
    expect(await problemOf(file(jpeg.subarray(0, 20_000)))).toMatch(/incomplete/);
  });

  it('refuses a type that the stack does not accept', async () => {
    expect(
      await problemOf(file(photoBytes('cat.webp')), { ...limits, contentTypes: ['image/jpeg'] }),
    ).toMatch(/WebP files. Export the photo as JPEG/);
  });

  it('reports a file that can no longer be read', async () => {
    const gone = { size: 5, arrayBuffer: () => Promise.reject(new Error('gone')) } as unknown as Blob;
    expect(await problemOf(gone)).toMatch(/cannot be read/);
  });
});

it('describes the limits in one line', () => {
  expect(limitsInWords(limits)).toBe(
    'One or several · PNG, JPEG or WebP · up to 20 MB and 50 megapixels · each side at least 64 pixels',
  );
});
