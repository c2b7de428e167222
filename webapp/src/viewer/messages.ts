import type { PointerInput } from './Input.ts';
import type { Move } from './keys.ts';
import type { Environment, Front, Look } from './looks.ts';
import type { SplatFormat } from './splat/messages.ts';

/** A file that the viewer reads. */
export type ViewFormat = 'glb' | SplatFormat;

/** A file of the current object, where it is seen from at first, and how. */
export interface Wanted {
  readonly format: ViewFormat;
  readonly url: string;
  readonly front: Front;
  readonly look: Look;
}

/** The size of the view in CSS pixels, and what covers its upper and lower edge. */
export interface ViewSize {
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly bottom: number;
  /** Pixels for a CSS pixel while nothing moves. */
  readonly ratio: number;
}

/** What a viewer needs to know before its first frame. */
export interface Setup {
  readonly size: ViewSize;
  /** Whether the user asks for less motion. */
  readonly isReduced: boolean;
}

/** The first message to the worker, before those of {@link ToViewer}. */
export interface Opening {
  readonly canvas: OffscreenCanvas;
  readonly setup: Setup;
}

/** What the page asks for. Each `load` and `picture` has another `id`. */
export type ToViewer =
  | ({ readonly kind: 'load'; readonly id: number } & Wanted)
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'picture'; readonly id: number }
  | { readonly kind: 'show'; readonly look: Look }
  | { readonly kind: 'clear' }
  | { readonly kind: 'light'; readonly environment: Environment; readonly stops: number }
  | { readonly kind: 'turntable'; readonly isOn: boolean }
  | { readonly kind: 'move'; readonly move: Move }
  | { readonly kind: 'input'; readonly input: PointerInput }
  | { readonly kind: 'resize'; readonly size: ViewSize };

export type FromViewer =
  /** The first message: whether there is WebGL. Without, no other follows. */
  | { readonly kind: 'opened'; readonly hasWebGL: boolean }
  /** The answer to `load`, and to `picture`, which has the bitmap. */
  | { readonly kind: 'done'; readonly id: number; readonly bitmap?: ImageBitmap }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  /** The browser has taken the graphics away; the viewer draws no more. */
  | { readonly kind: 'lost' };

/** One end of the connection between a page and its viewer: a worker, its global scope or a message port. */
export interface Port<In, Out> {
  onmessage: ((event: MessageEvent<In>) => void) | null;
  postMessage(message: Out, options?: StructuredSerializeOptions): void;
}
