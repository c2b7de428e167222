import type { ViewSize } from './messages.ts';

/** Screens with more pixels for a CSS pixel are drawn with this many: more are not seen. */
const finest = 2;

/** The size of the view in its place, whose padding is what is placed over its edges. */
export function sizeOf(place: HTMLElement): ViewSize {
  const { paddingTop, paddingBottom } = getComputedStyle(place);
  return {
    width: place.clientWidth,
    height: place.clientHeight,
    top: Number.parseFloat(paddingTop),
    bottom: Number.parseFloat(paddingBottom),
    ratio: Math.min(devicePixelRatio, finest),
  };
}

/** Makes a canvas as large as its place, since a later change would make another buffer. */
export function canvasFor({ width, height, ratio }: ViewSize): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.className = 'viewer-canvas';
  canvas.width = Math.floor(width * ratio);
  canvas.height = Math.floor(height * ratio);
  return canvas;
}

/** The WebGL context of a canvas; null where the browser has none. */
export function contextOf(canvas: HTMLCanvasElement | OffscreenCanvas): WebGL2RenderingContext | null {
  try {
    const attributes = { alpha: true, antialias: true, stencil: false };
    return canvas.getContext('webgl2', attributes) as WebGL2RenderingContext | null;
  } catch {
    return null;
  }
}
