import { inflateSync } from 'node:zlib';
import type { Picture } from './color/Picture.ts';

/** Channels by color type (PNG, 11.2.2): grayscale, truecolor, with alpha. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 4: 2, 6: 4 };

/** Decodes a PNG of 8 bits a channel without interlacing (https://www.w3.org/TR/png-3/). */
export function decodePng(file: Uint8Array): Picture & { readonly colorType: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let [width, height, colorType] = [0, 0, 0];
  const parts: Uint8Array[] = [];
  for (let at = 8; at < file.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    const body = file.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') {
      [width, height, colorType] = [view.getUint32(at + 8), view.getUint32(at + 12), body[9] as number];
      if (body[8] !== 8 || body[12] !== 0) throw new Error('not 8 bits a channel, or interlaced');
    } else if (type === 'IDAT') parts.push(body);
    at += length + 12;
  }
  const channels = channelsOf[colorType];
  if (!channels) throw new Error(`color type ${colorType}`);
  const lines = inflateSync(Buffer.concat(parts));
  const row = width * channels;
  const raw = new Uint8Array(row * height);
  for (let y = 0; y < height; y += 1) {
    const filter = lines[y * (row + 1)];
    for (let x = 0; x < row; x += 1) {
      const left = x >= channels ? (raw[y * row + x - channels] as number) : 0;
      const up = y > 0 ? (raw[(y - 1) * row + x] as number) : 0;
      const corner = x >= channels && y > 0 ? (raw[(y - 1) * row + x - channels] as number) : 0;
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter as number] as number;
      raw[y * row + x] = (lines[y * (row + 1) + 1 + x] as number) + predicted;
    }
  }
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i += 1) {
    const at = i * channels;
    const isGray = channels < 3;
    for (let k = 0; k < 3; k += 1) data[i * 4 + k] = raw[at + (isGray ? 0 : k)] as number;
    data[i * 4 + 3] = channels % 2 === 0 ? (raw[at + channels - 1] as number) : 255;
  }
  return { width, height, colorType, data };
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [a, b, c] = [left, up, corner].map((v) => Math.abs(estimate - v)) as [number, number, number];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
