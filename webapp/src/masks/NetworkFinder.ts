import type { Size } from '../boxes/geometry.ts';
import { texts } from '../texts/texts.ts';
import { ColorFinder } from './ColorFinder.ts';
import type { Better, Finder, Prompt } from './Finder.ts';
import type { Mask } from './Mask.ts';
import { loadManifest, type Manifest } from './network/Manifest.ts';
import type { FromWorker, ToWorker } from './network/worker.ts';

interface Waiting {
  readonly prompt: Prompt;
  resolve(mask: Mask | null): void;
  reject(error: Error): void;
}

/**
 * How masks are found: by the network, or by color because the site has none or has not answered, the
 * network is being loaded, or has failed.
 */
type State = 'asking' | 'none' | 'loading' | 'network' | 'failed';

/**
 * Finds masks with the network that the site has, in a worker of its own: the photo is encoded once, and
 * each question takes a fraction of a second. Until that is done, and if it fails, masks are found by
 * their color.
 */
export class NetworkFinder implements Finder {
  /** Says which way masks are found, if there is something to say. */
  readonly note: HTMLElement;
  #state: State = 'asking';
  #color: ColorFinder | null = null;
  #worker: Worker | null = null;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  /** The last question that was answered by color before the network was there. */
  #early: { readonly prompt: Prompt; readonly better: Better; readonly answer: Promise<unknown> } | null =
    null;
  readonly #text = document.createElement('span');
  readonly #progress = document.createElement('progress');
  #isClosed = false;

  constructor(
    private readonly file: Blob,
    private readonly size: Size,
  ) {
    this.note = document.createElement('p');
    this.note.className = 'mask-finder';
    this.#text.setAttribute('role', 'status');
    this.#progress.setAttribute('aria-hidden', 'true');
    this.note.append(this.#text, this.#progress);
    this.#enter('asking');
    loadManifest().then(
      (manifest) => (manifest ? this.#open(manifest) : this.#enter('none')),
      () => this.#enter('none'),
    );
  }

  find(prompt: Prompt, better?: Better): Promise<Mask | null> {
    if (this.#state === 'network') return this.#ask(prompt).catch(() => this.#byColor(prompt));
    const answer = this.#byColor(prompt);
    if (better && (this.#state === 'asking' || this.#state === 'loading'))
      this.#early = { prompt, better, answer };
    return answer;
  }

  close(): void {
    this.#isClosed = true;
    this.#end('closed');
    this.#color?.close();
  }

  #byColor(prompt: Prompt): Promise<Mask | null> {
    if (this.#isClosed) return Promise.reject(new Error('closed'));
    this.#color ??= new ColorFinder(this.file, this.size);
    return this.#color.find(prompt);
  }

  #open(manifest: Manifest): void {
    if (this.#isClosed) return;
    this.#enter('loading', texts.masks.networkLoading);
    const worker = new Worker(new URL('./network/worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.#told(data));
    // The worker could not be loaded, or has no memory left.
    worker.addEventListener('error', () => this.#fail());
    this.#worker = worker;
    const { width, height } = this.size;
    this.#send({ kind: 'open', file: this.file, size: { width, height }, manifest });
  }

  #ask(prompt: Prompt): Promise<Mask | null> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { prompt, resolve, reject });
      this.#send({ kind: 'find', id, prompt });
    });
  }

  #told(message: FromWorker): void {
    switch (message.kind) {
      case 'loading':
        this.#progress.value = message.share;
        return;
      case 'encoding':
        this.#progress.removeAttribute('value');
        this.#enter('loading', texts.masks.networkReading);
        return;
      case 'ready':
        this.#ready(message);
        return;
      case 'failed':
        this.#fail();
        return;
      case 'found':
        this.#take(message.id)?.resolve(message.mask);
        return;
      case 'missed':
        this.#take(message.id)?.reject(new Error(message.error));
        this.#fail();
        return;
    }
  }

  #ready({ device, times }: FromWorker & { readonly kind: 'ready' }): void {
    this.#enter('network');
    this.note.dataset.device = device;
    for (const [step, time] of Object.entries(times)) this.note.dataset[step] = String(Math.round(time));
    void this.#improve();
  }

  /** Asks again what was answered by color, and lets go of the color model. */
  async #improve(): Promise<void> {
    const early = this.#early;
    this.#early = null;
    if (early) {
      await early.answer.catch(() => {});
      // A failure is told by `missed`, and the mask that was found by color remains.
      const mask = await this.#ask(early.prompt).catch(() => null);
      if (mask) early.better(mask);
    }
    if (this.#state !== 'network') return;
    this.#color?.close();
    this.#color = null;
  }

  /** Goes on by color. */
  #fail(): void {
    if (this.#isClosed || this.#state === 'failed') return;
    this.#end('the network failed');
    this.#enter('failed', texts.masks.networkFailed);
  }

  #end(reason: string): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#early = null;
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #send(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  #enter(state: State, text = ''): void {
    this.#state = state;
    this.note.dataset.state = state;
    this.note.hidden = text === '';
    this.#progress.hidden = state !== 'loading';
    this.#text.textContent = text;
  }
}
