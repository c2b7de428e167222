import type { Converted, Order } from './convert.ts';
import type { FromWorker, ToWorker } from './worker.ts';

/**
 * Converts a GLB in a worker of its own, so that the page stays responsive, or on the page where the
 * browser cannot encode or decode a texture in a worker (Safari before 17). Rejects if the GLB cannot be
 * converted, and when the signal aborts, which ends the worker.
 */
export async function convertApart(order: Order, signal: AbortSignal): Promise<Converted> {
  const made = 'OffscreenCanvas' in window ? await inWorker(order, signal) : null;
  return made ?? onPage(order, signal);
}

/** Resolves with null if the worker cannot decode a texture. */
async function inWorker(order: Order, signal: AbortSignal): Promise<Converted | null> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
        if (data.kind === 'converted') resolve(data.made);
        else if (data.kind === 'undecoded') resolve(null);
        else reject(new Error(data.error));
      });
      // The worker could not be loaded, or has no memory left.
      worker.addEventListener('error', () => reject(new Error('the worker failed')));
      const message: ToWorker = order;
      worker.postMessage(message);
    });
  } finally {
    worker.terminate();
  }
}

async function onPage(order: Order, signal: AbortSignal): Promise<Converted> {
  const { convert } = await import('./convert.ts');
  await painted();
  signal.throwIfAborted();
  return convert(order);
}

/** Resolves when the browser has drawn what was shown before: the conversion blocks the page. */
const painted = (): Promise<void> =>
  new Promise((resolve) => {
    requestAnimationFrame(() => window.setTimeout(resolve));
  });
