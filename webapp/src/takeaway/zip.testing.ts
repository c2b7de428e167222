import { crc32 } from 'node:zlib';

export interface StoredFile {
  readonly name: string;
  /** Where its content begins in the zip file. */
  readonly start: number;
  readonly content: Buffer;
}

/**
 * Reads a zip file whose files are stored without compression, by its central directory (PKWARE's
 * APPNOTE, 4.3). Throws if a checksum or a name differs.
 */
export function readZip(zip: Buffer): StoredFile[] {
  const files: StoredFile[] = [];
  let at = zip.readUInt32LE(zip.length - 6);
  for (let left = zip.readUInt16LE(zip.length - 12); left > 0; left -= 1) {
    if (zip.readUInt32LE(at) !== 0x02014b50) throw new Error(`no entry at ${at}`);
    if (zip.readUInt16LE(at + 10) !== 0) throw new Error('compressed');
    const [sum, size] = [zip.readUInt32LE(at + 16), zip.readUInt32LE(at + 24)];
    const end = at + 46 + zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, end);
    const local = zip.readUInt32LE(at + 42);
    const named = local + 30 + zip.readUInt16LE(local + 26);
    if (zip.toString('utf8', local + 30, named) !== name) throw new Error(`two names of ${name}`);
    const start = named + zip.readUInt16LE(local + 28);
    const content = zip.subarray(start, start + size);
    if (crc32(content) !== sum) throw new Error(`the checksum of ${name}`);
    files.push({ name, start, content });
    at = end + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return files;
}
