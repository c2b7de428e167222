import { crc32, deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { grayPng } from './grayPng.ts';
import { maskOf } from './Mask.ts';
import { decodePng } from './png.testing.ts';

it('writes one channel with 255 inside and 0 outside, as the storage takes it', async () => {
  const size = { width: 67, height: 601 };
  const bitmap = Uint8Array.from({ length: size.width * size.height }, (_, i) => (i % 7) % 2);
  const { file, checksum } = await grayPng(maskOf(bitmap, size));
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { width, height, colorType, data } = decodePng(bytes);
  expect([width, height, colorType]).toEqual([67, 601, 0]);
  expect(bitmap.every((value, i) => data[i * 4] === value * 255)).toBe(true);
  const view = new DataView(bytes.buffer);
  // The data are one chunk, before the last one of 12 bytes.
  const length = view.getUint32(33);
  expect(bytes.length).toBe(8 + 25 + 12 + length + 12);
  expect(crc32(bytes.subarray(37, 41 + length))).toBe(checksum);
  expect(view.getUint32(41 + length)).toBe(checksum);
  expect(view.getUint32(29)).toBe(crc32(bytes.subarray(12, 29)));
});

it('is small for a mask of 12 megapixels', async () => {
  const size = { width: 4000, height: 3000 };
  const bitmap = new Uint8Array(12_000_000);
  for (let y = 900; y < 2100; y += 1) bitmap.fill(1, y * 4000 + 1000 + (y % 97), y * 4000 + 3000 - (y % 89));
  const { file } = await grayPng(maskOf(bitmap, size));
  expect(file.size).toBeLessThan(deflateSync(bitmap).length + 60_000);
  expect(file.size).toBeLessThan(4_194_304);
});
