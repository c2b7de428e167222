import type { ImageAnnotator } from '@annotorious/annotorious';
import { h } from '../dom.ts';
import { type Corner, type Grip, gripAt, reachOf } from './grip.ts';

/** Annotorious's handles of the selected box, in the order of its corner circles. */
const corners: readonly Corner[] = ['topLeft', 'topRight', 'bottomRight', 'bottomLeft'];
const handles = '.a9s-annotation.selected > :not(.a9s-rotation-handle-group) > .a9s-handle-buffer';

/** Farthest that a press may wander, in CSS pixels, and still be a click. */
const clickSlop = (pointerType: string): number => (pointerType === 'touch' ? 10 : 3);

/**
 * Fits Annotorious to how this page draws:
 * - A drag outside the selected box draws the next one at once; by itself
 *   Annotorious wants a click beside the box first.
 * - A drag that leaves the photo goes on until the pointer is let go.
 * - A press that stays in its place is a click however long it takes;
 *   Annotorious knows only those under a quarter of a second.
 * - A press near a corner of the selected box takes hold of that corner, beside
 *   the photo too.
 * - Its layer is for pointers only. Keys and screen readers have the frames, so
 *   nothing in the layer takes the focus.
 *
 * `clicked` gets the place of a click in pixels of the photo, with how far
 * around it counts. Answers what undoes all this.
 */
export function steadyPointer(
  annotator: ImageAnnotator,
  clicked: (x: number, y: number, around: number) => void,
): () => void {
  const surface = annotator.element;
  const layer = surface.querySelector<SVGSVGElement>('svg.a9s-annotationlayer');
  if (!layer) throw new Error('Annotorious made no drawing layer');
  const margin = h('div', { class: 'box-margin' });
  layer.before(margin);

  const passed = new WeakSet<Event>();
  let press: { x: number; y: number; id: number; draws: boolean } | null = null;

  /** Hands the press on to another part of the layer, as if it had begun there. */
  const pass = (event: PointerEvent, to: Element): void => {
    const again = aimedAt(layer, event);
    passed.add(again);
    to.dispatchEvent(again);
  };

  const down = (event: PointerEvent): void => {
    if (passed.has(event)) return;
    const target = event.target as Element;
    const held = heldBy(event, layer);
    // Beside the photo there are only handles.
    if (target === margin && (!held || held.grip === 'inside')) return;
    if (event.button !== 0 || !event.isPrimary) {
      event.stopImmediatePropagation();
      event.preventDefault();
      return;
    }
    const isEdge = (!held || held.grip === 'inside') && target.closest('.a9s-edge-handle') !== null;
    press = { x: event.clientX, y: event.clientY, id: event.pointerId, draws: !held && !isEdge };
    if (isEdge || held?.element === target) return;
    event.stopImmediatePropagation();
    // Keeps the browser from selecting text or dragging the photo.
    event.preventDefault();
    if (held) {
      pass(event, held.element);
      return;
    }
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    annotator.setSelected();
    // Svelte puts the drawing tool in place in a microtask, queued by the line above.
    queueMicrotask(() => {
      layer.setPointerCapture(event.pointerId);
      pass(event, layer);
    });
  };

  /** Whether the pointer that is let go of stayed where it was pressed. */
  const isClick = (event: PointerEvent): boolean =>
    press?.id === event.pointerId &&
    Math.hypot(event.clientX - press.x, event.clientY - press.y) <= clickSlop(event.pointerType);

  const click = (event: PointerEvent): void => {
    const { left, top, width, height } = layer.getBoundingClientRect();
    const { width: photoWidth, height: photoHeight } = layer.viewBox.baseVal;
    const scale = photoWidth / width;
    clicked(
      (event.clientX - left) * scale,
      ((event.clientY - top) / height) * photoHeight,
      clickSlop(event.pointerType) * scale,
    );
  };

  const up = (event: PointerEvent): void => {
    if (!press?.draws || !isClick(event)) return;
    // No drawing comes of it, so the drawing tool does not hear of it.
    event.stopImmediatePropagation();
    press = null;
    annotator.cancelDrawing();
    click(event);
  };

  /** After the selected box was let go of by Annotorious. */
  const released = (event: PointerEvent): void => {
    if (press && isClick(event)) click(event);
    press = null;
  };

  const canceled = (): void => {
    press = null;
    annotator.cancelDrawing();
  };

  const unfocusable = (): void => {
    layer.setAttribute('tabindex', '-1');
    layer.setAttribute('aria-hidden', 'true');
    layer.removeAttribute('role');
    for (const handle of layer.querySelectorAll('[tabindex="0"]')) handle.setAttribute('tabindex', '-1');
  };
  const watcher = new MutationObserver(unfocusable);

  unfocusable();
  watcher.observe(layer, { childList: true, subtree: true });
  surface.addEventListener('pointerdown', down, true);
  surface.addEventListener('pointerup', up, true);
  surface.addEventListener('pointerup', released);
  layer.addEventListener('pointercancel', canceled);
  return () => {
    watcher.disconnect();
    margin.remove();
    surface.removeEventListener('pointerdown', down, true);
    surface.removeEventListener('pointerup', up, true);
    surface.removeEventListener('pointerup', released);
    layer.removeEventListener('pointercancel', canceled);
  };
}

/** The part of the selected box that the press takes hold of, or null. */
function heldBy(event: PointerEvent, layer: SVGSVGElement): { grip: Grip; element: Element } | null {
  const shape = layer.querySelector('.a9s-annotation.selected .a9s-shape-handle');
  if (!shape) return null;
  const { clientX, clientY, pointerType } = event;
  const grip = gripAt(clientX, clientY, shape.getBoundingClientRect(), reachOf(pointerType));
  if (grip === null) return null;
  const element = grip === 'inside' ? shape : layer.querySelectorAll(handles)[corners.indexOf(grip)];
  return element ? { grip, element } : null;
}

/** The same press, as an event that can be dispatched anew. */
function aimedAt(layer: SVGSVGElement, event: PointerEvent): PointerEvent {
  const copy = new PointerEvent('pointerdown', {
    bubbles: true,
    cancelable: true,
    pointerId: event.pointerId,
    pointerType: event.pointerType,
    isPrimary: true,
    button: 0,
    buttons: 1,
    clientX: event.clientX,
    clientY: event.clientY,
  });
  const bounds = layer.getBoundingClientRect();
  // Not every browser works these out for an event made by a script.
  Object.defineProperties(copy, {
    offsetX: { value: event.clientX - bounds.left },
    offsetY: { value: event.clientY - bounds.top },
  });
  return copy;
}
