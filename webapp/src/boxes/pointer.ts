import type { ImageAnnotator } from '@annotorious/annotorious';
import { h } from '../dom.ts';
import { type Corner, type Grip, gripAt, reachOf } from './grip.ts';

/** Annotorious's handles of the selected box, in the order of its corner circles. */
const corners: readonly Corner[] = ['topLeft', 'topRight', 'bottomRight', 'bottomLeft'];
const handles = '.a9s-annotation.selected > :not(.a9s-rotation-handle-group) > .a9s-handle-buffer';

/** Farthest distance, in CSS pixels, that a press may move and still be a click. */
const clickSlop = (pointerType: string): number => (pointerType === 'touch' ? 10 : 3);

/**
 * Adapts Annotorious's pointer handling:
 * - A drag outside the selected box draws the next box at once; Annotorious requires a click
 *   outside the box first.
 * - A drag that leaves the photo continues until the pointer is released.
 * - A press that does not move is a click, however long it lasts; Annotorious accepts only those
 *   under a quarter of a second.
 * - A press near a corner of the selected box drags that corner, outside the photo too.
 * - A drag keeps the box selected, however quick it is.
 * - The drawing layer is for pointers only. Keyboards and screen readers use the frames, so nothing
 *   in the layer is focusable.
 *
 * `clicked` gets the position of a click in pixels of the photo, with its tolerance. Returns the
 * function that undoes the adaptation.
 */
export function adaptPointer(
  annotator: ImageAnnotator,
  clicked: (x: number, y: number, around: number) => void,
): () => void {
  const surface = annotator.element;
  const layer = surface.querySelector<SVGSVGElement>('svg.a9s-annotationlayer');
  if (!layer) throw new Error('Annotorious made no drawing layer');
  const margin = h('div', { class: 'box-margin' });
  layer.before(margin);

  const passed = new WeakSet<Event>();
  let press: { x: number; y: number; id: number; draws: boolean; drags: string | null } | null = null;

  /** Dispatches the press again to another part of the layer. */
  const pass = (event: PointerEvent, to: Element): void => {
    const again = aimedAt(layer, event);
    passed.add(again);
    to.dispatchEvent(again);
  };

  const down = (event: PointerEvent): void => {
    if (passed.has(event)) return;
    const target = event.target as Element;
    // The tool for masks lies above the layer.
    if (target !== margin && !layer.contains(target)) return;
    const handle = handleAt(event, layer);
    // Outside the photo there are only handles.
    if (target === margin && (!handle || handle.grip === 'inside')) return;
    if (event.button !== 0 || !event.isPrimary) {
      event.stopImmediatePropagation();
      event.preventDefault();
      return;
    }
    const isEdge = (!handle || handle.grip === 'inside') && target.closest('.a9s-edge-handle') !== null;
    press = {
      x: event.clientX,
      y: event.clientY,
      id: event.pointerId,
      draws: !handle && !isEdge,
      drags: handle || isEdge ? (annotator.getSelected()[0]?.id ?? null) : null,
    };
    if (isEdge || handle?.element === target) return;
    event.stopImmediatePropagation();
    // Prevents the browser from selecting text or dragging the photo.
    event.preventDefault();
    if (handle) {
      pass(event, handle.element);
      return;
    }
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    annotator.setSelected();
    // Svelte installs the drawing tool in a microtask, which the line above queued.
    queueMicrotask(() => {
      layer.setPointerCapture(event.pointerId);
      pass(event, layer);
    });
  };

  /** Whether the released pointer has stayed where it was pressed. */
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
    // The press draws nothing, so the drawing tool does not receive the event.
    event.stopImmediatePropagation();
    press = null;
    annotator.cancelDrawing();
    click(event);
  };

  /** Runs after Annotorious has released the selected box. */
  const released = (event: PointerEvent): void => {
    if (press && isClick(event)) click(event);
    else if (press?.drags && annotator.getSelected().length === 0) {
      // Annotorious has taken a quick drag for a click, and its end for a place outside all boxes.
      annotator.setSelected(press.drags, true);
    }
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

/** Returns the part of the selected box that the press drags, or null. */
function handleAt(event: PointerEvent, layer: SVGSVGElement): { grip: Grip; element: Element } | null {
  const shape = layer.querySelector('.a9s-annotation.selected .a9s-shape-handle');
  if (!shape) return null;
  const { clientX, clientY, pointerType } = event;
  const grip = gripAt(clientX, clientY, shape.getBoundingClientRect(), reachOf(pointerType));
  if (grip === null) return null;
  const element = grip === 'inside' ? shape : layer.querySelectorAll(handles)[corners.indexOf(grip)];
  return element ? { grip, element } : null;
}

/** Returns a copy of the press that can be dispatched. */
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
  // Browsers do not all compute these for an event created by a script.
  Object.defineProperties(copy, {
    offsetX: { value: event.clientX - bounds.left },
    offsetY: { value: event.clientY - bounds.top },
  });
  return copy;
}
