/** Converts one GLB, apart from the page. */

import { type Converted, convert, type Order } from './convert.ts';
import { UndecodedTexture } from './usdz.ts';

/** The only message to the worker. */
export type ToWorker = Order;

export type FromWorker =
  | { readonly kind: 'converted'; readonly made: Converted }
  /** A texture that this worker cannot decode; the page may. */
  | { readonly kind: 'undecoded' }
  | { readonly kind: 'failed'; readonly error: string };

/** A canvas with the method of a page's canvas by which three's USDZExporter encodes a texture. */
class EncodingCanvas extends OffscreenCanvas {
  toBlob(done: (blob: Blob | null) => void, type: string, quality: number): void {
    this.convertToBlob({ type, quality }).then(done, () => done(null));
  }
}

// The exporter makes its canvas by `document`, which a worker lacks.
Object.assign(self, { document: { createElement: () => new EncodingCanvas(1, 1) } });

async function answer(order: Order): Promise<FromWorker> {
  try {
    return { kind: 'converted', made: await convert(order) };
  } catch (error) {
    if (error instanceof UndecodedTexture) return { kind: 'undecoded' };
    return { kind: 'failed', error: String(error) };
  }
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  void answer(data).then((message) => self.postMessage(message));
});
