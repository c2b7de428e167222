import type { Size } from '../boxes/geometry.ts';
import type { Spot } from '../zoom/PhotoView.ts';
import { covered } from './brush.ts';
import { emptyMask, type Mask, union } from './Mask.ts';

/** One press of the brush or the eraser: the pixels that it has covered so far. */
export class Stroke {
  #mask: Mask;
  #last: Spot | null = null;

  constructor(
    private readonly size: Size,
    private readonly radius: number,
    readonly erases: boolean,
  ) {
    this.#mask = emptyMask(size);
  }

  get mask(): Mask {
    return this.#mask;
  }

  /** Moves the brush to a position; the first one is where it is set down. */
  to(at: Spot): void {
    this.#mask = union(this.#mask, covered(this.size, this.#last ?? at, at, this.radius));
    this.#last = at;
  }
}
