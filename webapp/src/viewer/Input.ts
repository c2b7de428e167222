/** An event of the page's canvas, with what three's OrbitControls read of it. */
export interface PointerInput {
  readonly type:
    | 'pointerdown'
    | 'pointermove'
    | 'pointerup'
    | 'pointercancel'
    | 'wheel'
    | 'keydown'
    | 'keyup';
  readonly fields: Readonly<Record<string, number | string | boolean>>;
}

/**
 * What three's OrbitControls use of the element that they listen to, and of its document. A worker has
 * neither, so the page sends the events; see https://threejs.org/manual/#en/offscreencanvas.
 */
export class Input extends EventTarget {
  readonly style: Record<string, string> = {};
  clientWidth = 1;
  clientHeight = 1;

  get ownerDocument(): this {
    return this;
  }

  getRootNode(): this {
    return this;
  }

  /** The page captures the pointers. */
  setPointerCapture(): void {}

  releasePointerCapture(): void {}

  take({ type, fields }: PointerInput): void {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}
