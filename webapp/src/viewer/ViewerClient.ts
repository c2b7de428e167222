import { type Connection, connect } from './connect.ts';
import { forward } from './forward.ts';
import { type Move, moveOf } from './keys.ts';
import type { Environment, Look } from './looks.ts';
import type { FromViewer, ToViewer, ViewFormat, Wanted } from './messages.ts';
import { sizeOf } from './surface.ts';

export interface ViewerEvents {
  /** The browser has taken the graphics away; this viewer draws no more. */
  lost(): void;
}

interface Waiting {
  resolve(bitmap: ImageBitmap | undefined): void;
  reject(error: Error): void;
}

/**
 * The page's side of a {@link Viewer}: it sends what the user does and wants to see, and has the canvas.
 */
export class ViewerClient {
  readonly #connection: Connection;
  readonly #resized = new ResizeObserver(() => this.#send({ kind: 'resize', size: sizeOf(this.place) }));
  readonly #ended = new AbortController();
  readonly #waiting = new Map<number, Waiting>();
  readonly #loaded = new Set<ViewFormat>();
  #asked = 0;

  /** Puts the canvas into its place. */
  private constructor(
    private readonly place: HTMLElement,
    connection: Connection,
    private readonly events: ViewerEvents,
  ) {
    this.#connection = connection;
    connection.port.onmessage = ({ data }) => this.#take(data);
    place.append(connection.canvas);
    forward(connection.canvas, (input) => this.#send({ kind: 'input', input }), this.#ended.signal);
    this.allowScrolling(true);
    this.#resized.observe(place);
  }

  /**
   * Starts a viewer in a place, which is laid out. Returns null where the browser has no WebGL; rejects if
   * the code of the viewer cannot be loaded.
   */
  static async open(place: HTMLElement, events: ViewerEvents): Promise<ViewerClient | null> {
    const isReduced = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const connection = await connect({ size: sizeOf(place), isReduced }, () => events.lost());
    return connection && new ViewerClient(place, connection, events);
  }

  /** Whether a file of this format of the current object is loaded. */
  has(format: ViewFormat): boolean {
    return format === 'glb' ? this.#loaded.has('glb') : this.#loaded.has('spz') || this.#loaded.has('splat');
  }

  /**
   * Fetches a file of the current object; resolves when it is drawn. Rejects if it cannot be fetched or read,
   * or `signal` aborts it.
   */
  async load(wanted: Wanted, signal: AbortSignal): Promise<void> {
    const id = this.#nextId();
    const cancel = (): void => {
      this.#send({ kind: 'cancel', id });
      this.#waiting.get(id)?.reject(new DOMException('canceled', 'AbortError'));
      this.#waiting.delete(id);
    };
    const done = this.#answerTo(id);
    this.#send({ kind: 'load', id, ...wanted });
    signal.addEventListener('abort', cancel, { once: true });
    try {
      await done;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
    signal.throwIfAborted();
    this.#loaded.add(wanted.format);
  }

  /** Shows what is loaded in this way. */
  show(look: Look): void {
    this.#send({ kind: 'show', look });
  }

  /** Releases the current object, for another one. */
  clear(): void {
    this.#loaded.clear();
    this.#send({ kind: 'clear' });
  }

  /** Lights the mesh. `stops` is the exposure: each doubles the light. */
  light(environment: Environment, stops: number): void {
    this.#send({ kind: 'light', environment, stops });
  }

  turntable(isOn: boolean): void {
    this.#send({ kind: 'turntable', isOn });
  }

  /** Whether a vertical drag with one finger scrolls the page, as it should unless the view fills it. */
  allowScrolling(allows: boolean): void {
    this.#connection.canvas.style.touchAction = allows ? 'pan-y' : 'none';
  }

  move(move: Move): void {
    this.#send({ kind: 'move', move });
  }

  /** Handles a key; false if it has no meaning here. */
  press(event: KeyboardEvent): boolean {
    const move = moveOf(event);
    if (move) this.move(move);
    return move !== null;
  }

  /**
   * Returns a PNG of the view as it is, in full resolution. `paint` draws what is behind the object.
   */
  async picture(
    paint: (context: CanvasRenderingContext2D, width: number, height: number) => void,
  ): Promise<Blob> {
    const id = this.#nextId();
    const drawn = this.#answerTo(id);
    this.#send({ kind: 'picture', id });
    const bitmap = await drawn;
    const copy = document.createElement('canvas');
    const context = copy.getContext('2d');
    if (!bitmap || !context) throw new Error('no picture');
    const { width, height } = bitmap;
    copy.width = width;
    copy.height = height;
    paint(context, width, height);
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    return new Promise((resolve, reject) => {
      copy.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png');
    });
  }

  /** Releases everything, the WebGL context too. */
  dispose(): void {
    this.#ended.abort();
    this.#resized.disconnect();
    this.#connection.end();
    this.#connection.canvas.remove();
    for (const { reject } of this.#waiting.values()) reject(new Error('the viewer is closed'));
    this.#waiting.clear();
  }

  #nextId(): number {
    this.#asked += 1;
    return this.#asked;
  }

  #answerTo(id: number): Promise<ImageBitmap | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
  }

  #send(message: ToViewer): void {
    this.#connection.port.postMessage(message);
  }

  #take(message: FromViewer): void {
    if (message.kind === 'opened') return;
    if (message.kind === 'lost') {
      this.events.lost();
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'failed') waiting?.reject(new Error(message.message));
    else waiting?.resolve(message.bitmap);
  }
}
