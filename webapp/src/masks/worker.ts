import type { Size } from '../boxes/geometry.ts';
import { ColorModel } from './color/ColorModel.ts';
import type { Picture } from './color/Picture.ts';
import type { Prompt } from './Finder.ts';
import type { Mask } from './Mask.ts';

/** The first message to the worker has the photo; every other is a question. */
export type ToWorker =
  | { readonly kind: 'open'; readonly file: Blob; readonly size: Size }
  | { readonly kind: 'find'; readonly id: number; readonly prompt: Prompt };

/** The answer to a question; an error if the photo cannot be read. */
export type FromWorker =
  | { readonly id: number; readonly mask: Mask | null }
  | { readonly id: number; readonly error: string };

/** Pixels that are read at once: more than some browsers allow for the whole of a large photo. */
const stripPixels = 4_000_000;

/** Decodes the photo as it is shown. */
async function decode(file: Blob, { width, height }: Size): Promise<Picture> {
  const bitmap = await createImageBitmap(file, {
    imageOrientation: 'from-image',
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  });
  if (bitmap.width !== width || bitmap.height !== height) throw new Error('the photo has another size');
  const data = new Uint8ClampedArray(width * height * 4);
  const rows = Math.max(1, Math.min(height, Math.floor(stripPixels / width)));
  const context = new OffscreenCanvas(width, rows).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('no canvas');
  for (let y = 0; y < height; y += rows) {
    const count = Math.min(rows, height - y);
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, y, width, count, 0, 0, width, count);
    data.set(context.getImageData(0, 0, width, count).data, y * width * 4);
  }
  bitmap.close();
  return { width, height, data };
}

let opened: Promise<ColorModel> = Promise.reject(new Error('no photo'));
opened.catch(() => {});

async function answer(id: number, prompt: Prompt): Promise<FromWorker> {
  try {
    const model = await opened;
    return { id, mask: model.find(prompt) };
  } catch (error) {
    return { id, error: String(error) };
  }
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'open') {
    opened = decode(data.file, data.size).then((picture) => new ColorModel(picture));
    opened.catch(() => {});
    return;
  }
  void answer(data.id, data.prompt).then((message) => {
    const runs = 'mask' in message ? message.mask?.runs.buffer : undefined;
    self.postMessage(message, { transfer: runs ? [runs] : [] });
  });
});
