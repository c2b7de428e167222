import { bitmapOf, type Mask } from './Mask.ts';

/** A mask as a file. */
export interface MaskFile {
  readonly file: Blob;
  /** CRC-32 of the file's compressed data. */
  readonly checksum: number;
}

/** Rows that are compressed at once. */
const rowsAtOnce = 256;

/**
 * Encodes a mask as a PNG of one 8-bit channel, 255 inside and 0 outside
 * (https://www.w3.org/TR/png-3/). A canvas would write four channels.
 */
export async function grayPng(mask: Mask): Promise<MaskFile> {
  const { width, height } = mask;
  const bitmap = bitmapOf(mask);
  let row = 0;
  const lines = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const count = Math.min(rowsAtOnce, height - row);
      // Each line begins with its filter: 0, none.
      const block = new Uint8Array(count * (width + 1));
      for (let y = 0; y < count; y += 1) {
        const from = (row + y) * width;
        const to = y * (width + 1) + 1;
        for (let x = 0; x < width; x += 1) if (bitmap[from + x]) block[to + x] = 255;
      }
      row += count;
      controller.enqueue(block);
      if (row === height) controller.close();
    },
  });
  const compressed = await new Response(lines.pipeThrough(new CompressionStream('deflate'))).arrayBuffer();
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  const body = chunk('IDAT', new Uint8Array(compressed));
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const file = new Blob([signature, chunk('IHDR', header), body, chunk('IEND', new Uint8Array(0))], {
    type: 'image/png',
  });
  return { file, checksum: new DataView(body.buffer).getUint32(body.length - 4) };
}

function chunk(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(body.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  for (let i = 0; i < 4; i += 1) out[4 + i] = type.charCodeAt(i);
  out.set(body, 8);
  view.setUint32(out.length - 4, crc32(out.subarray(4, out.length - 4)));
  return out;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = (crcTable[(c ^ byte) & 0xff] as number) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
