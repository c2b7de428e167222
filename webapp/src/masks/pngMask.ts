import type { Size } from '../boxes/geometry.ts';
import type { Mask } from './Mask.ts';

/** Pixels that are read at once: more than some browsers allow for the whole of a large photo. */
const stripPixels = 4_000_000;

/**
 * Decodes a mask's PNG, in which 128 or more is the object, at the size of the photo, which a given
 * mask may be smaller than. Rejects if the browser cannot read the file.
 */
export async function maskFromPng(file: Blob, { width, height }: Size): Promise<Mask> {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none' });
  const rows = Math.max(1, Math.min(height, Math.floor(stripPixels / width)));
  const context = new OffscreenCanvas(width, rows).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('no canvas');
  context.imageSmoothingEnabled = false;
  const [scaleX, scaleY] = [bitmap.width / width, bitmap.height / height];
  const runs = [0];
  let isInside = false;
  for (let y = 0; y < height; y += rows) {
    const count = Math.min(rows, height - y);
    context.drawImage(bitmap, 0, y * scaleY, width * scaleX, count * scaleY, 0, 0, width, count);
    const { data } = context.getImageData(0, 0, width, count);
    for (let i = 0; i < data.length; ) {
      const start = i;
      while (i < data.length && (data[i] as number) >= 128 === isInside) i += 4;
      runs.push((runs.pop() as number) + (i - start) / 4);
      if (i === data.length) break;
      runs.push(0);
      isInside = !isInside;
    }
  }
  bitmap.close();
  return { width, height, runs: Uint32Array.from(runs) };
}
