import type { NetworkFile } from './Manifest.ts';

/** Fetches a file, and calls `received` with the bytes that have arrived so far. */
export async function download(
  { path, bytes, sha256 }: NetworkFile,
  received: (count: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(path);
  if (!response.ok || !response.body) throw new Error(`${path} answered ${response.status}`);
  const data = new Uint8Array(bytes);
  let count = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (count + value.length > bytes) throw new Error(`${path} is longer than ${bytes} bytes`);
    data.set(value, count);
    count += value.length;
    received(count);
  }
  if (count !== bytes) throw new Error(`${path} has ${count} bytes in place of ${bytes}`);
  // Only on secure origins; elsewhere a damaged file is found when it is read.
  if (globalThis.crypto.subtle && (await digest(data)) !== sha256) throw new Error(`${path} is damaged`);
  return data;
}

async function digest(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
