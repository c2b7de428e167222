import { ratioAtRest } from './Resolution.ts';

/** A canvas to draw on in 3D. */
export interface Surface {
  readonly canvas: HTMLCanvasElement;
  readonly context: WebGL2RenderingContext;
}

/**
 * Makes a canvas as large as its place will be, since a later change would make another buffer. Returns
 * null where the browser has no WebGL, which is known before the viewer's code is loaded.
 */
export function surfaceFor(place: HTMLElement): Surface | null {
  const canvas = document.createElement('canvas');
  canvas.className = 'viewer-canvas';
  canvas.width = Math.floor(place.clientWidth * ratioAtRest());
  canvas.height = Math.floor(place.clientHeight * ratioAtRest());
  try {
    const context = canvas.getContext('webgl2', { alpha: true, antialias: true, stencil: false });
    return context && { canvas, context };
  } catch {
    return null;
  }
}
