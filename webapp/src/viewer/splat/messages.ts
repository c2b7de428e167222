import type { Packed } from './packing.ts';

/** The files that can be read. */
export type SplatFormat = 'spz' | 'splat';

export type ToWorker =
  | { readonly kind: 'open'; readonly file: ArrayBuffer; readonly format: SplatFormat }
  | { readonly kind: 'sort'; readonly direction: readonly [number, number, number] };

export type FromWorker =
  | { readonly kind: 'opened'; readonly packed: Omit<Packed, 'positions'> }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'sorted'; readonly order: Uint32Array<ArrayBuffer> };
