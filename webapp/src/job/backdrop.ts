import type { Background } from '../viewer/looks.ts';

/** Paints the stage's background into a picture, from its colors; nothing for a transparent one. */
export function paintBackdrop(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  stage: HTMLElement,
  background: Background,
): void {
  if (background === 'none') return;
  const style = getComputedStyle(stage);
  const reach = Math.hypot(width, height) * 0.5;
  const gradient = context.createRadialGradient(width / 2, height * 0.4, 0, width / 2, height * 0.4, reach);
  gradient.addColorStop(0, style.getPropertyValue('--stage-near'));
  gradient.addColorStop(1, style.getPropertyValue('--stage-far'));
  context.fillStyle = gradient;
  context.fillRect(0, 0, width, height);
}
