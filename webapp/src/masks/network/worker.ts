import type { Size } from '../../boxes/geometry.ts';
import type { Prompt } from '../Finder.ts';
import type { Mask } from '../Mask.ts';
import { download } from './download.ts';
import { planes, side } from './frame.ts';
import type { Manifest, ModelFiles } from './Manifest.ts';
import { type Encoded, type ModelBytes, Network } from './Network.ts';
import { type Device, hasGpu, openRuntime } from './runtime.ts';

/** The first message to the worker has the photo and the network; every other is a question. */
export type ToWorker =
  | { readonly kind: 'open'; readonly file: Blob; readonly size: Size; readonly manifest: Manifest }
  | { readonly kind: 'find'; readonly id: number; readonly prompt: Prompt };

/** Times of the steps before the first question, in milliseconds. */
export interface Times {
  readonly load: number;
  readonly open: number;
  readonly encode: number;
}

export type FromWorker =
  /** The share of the files that has been loaded. */
  | { readonly kind: 'loading'; readonly share: number }
  | { readonly kind: 'encoding' }
  | { readonly kind: 'ready'; readonly device: Device; readonly times: Times }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'found'; readonly id: number; readonly mask: Mask | null }
  | { readonly kind: 'missed'; readonly id: number; readonly error: string };

const send = (message: FromWorker): void => self.postMessage(message);

/** Decodes the photo as it is shown, in the size that the network takes. */
async function read(file: Blob): Promise<Float32Array> {
  const bitmap = await createImageBitmap(file, {
    imageOrientation: 'from-image',
    colorSpaceConversion: 'none',
    resizeWidth: side,
    resizeHeight: side,
    resizeQuality: 'medium',
  });
  const context = new OffscreenCanvas(side, side).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('no canvas');
  // What is transparent is shown white.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, side, side);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return planes(context.getImageData(0, 0, side, side).data);
}

/** Fetches both models, and tells how much of them has arrived. */
async function fetchModels({
  encoder,
  decoder,
}: Manifest): Promise<Record<'encoder' | 'decoder', ModelBytes>> {
  const files = [encoder.graph, encoder.data, decoder.graph, decoder.data];
  const all = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const arrived = new Map<string, number>();
  const fetched = async ({ graph, data }: ModelFiles): Promise<ModelBytes> => {
    const [one, other] = await Promise.all(
      [graph, data].map((file) =>
        download(file, (count) => {
          arrived.set(file.path, count);
          send({ kind: 'loading', share: [...arrived.values()].reduce((sum, n) => sum + n, 0) / all });
        }),
      ),
    );
    const dataName = data.path.slice(data.path.lastIndexOf('/') + 1);
    return { graph: one as Uint8Array, data: other as Uint8Array, dataName };
  };
  const [first, second] = await Promise.all([fetched(encoder), fetched(decoder)]);
  return { encoder: first, decoder: second };
}

let network: Network | null = null;
let encoded: Encoded | null = null;

async function open(file: Blob, size: Size, manifest: Manifest): Promise<void> {
  const start = performance.now();
  const [pixels, models] = await Promise.all([read(file), fetchModels(manifest)]);
  const loaded = performance.now();
  send({ kind: 'encoding' });
  const run = async (device: Device): Promise<void> => {
    const before = performance.now();
    const runtime = await openRuntime(device);
    network = await Network.open(runtime, models, device);
    const opened = performance.now();
    encoded = await network.encode(pixels, size);
    const ready = performance.now();
    send({
      kind: 'ready',
      device,
      times: { load: loaded - start, open: opened - before, encode: ready - opened },
    });
  };
  if (!(await hasGpu())) return run('wasm');
  // A GPU without enough memory, or without an operation, fails here.
  return run('webgpu').catch(() => run('wasm'));
}

async function answer(id: number, prompt: Prompt): Promise<FromWorker> {
  try {
    if (!network || !encoded) throw new Error('no photo');
    return { kind: 'found', id, mask: await network.decode(encoded, prompt) };
  } catch (error) {
    return { kind: 'missed', id, error: String(error) };
  }
}

// A session runs one call at a time.
let last: Promise<void> = Promise.resolve();

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'open') {
    last = open(data.file, data.size, data.manifest).catch((error: unknown) =>
      send({ kind: 'failed', error: String(error) }),
    );
    return;
  }
  last = last.then(async () => send(await answer(data.id, data.prompt)));
});
