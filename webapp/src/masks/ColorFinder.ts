import type { Size } from '../boxes/geometry.ts';
import type { Prompt } from './Finder.ts';
import type { Mask } from './Mask.ts';
import type { FromWorker, ToWorker } from './worker.ts';

interface Waiting {
  resolve(mask: Mask | null): void;
  reject(error: Error): void;
}

/** Finds masks with the color model, in a worker of its own so that the page stays responsive. */
export class ColorFinder {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor(file: Blob, size: Size) {
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ('error' in data) waiting?.reject(new Error(data.error));
      else waiting?.resolve(data.mask);
    });
    // The worker could not be loaded, or has no memory left.
    this.#worker.addEventListener('error', () => this.#fail('the worker failed'));
    this.#send({ kind: 'open', file, size: { width: size.width, height: size.height } });
  }

  find(prompt: Prompt): Promise<Mask | null> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ kind: 'find', id, prompt });
    });
  }

  close(): void {
    this.#worker.terminate();
    this.#fail('closed');
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #fail(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
  }
}
