import type { ImageAnnotator } from '@annotorious/annotorious';

/**
 * Fits Annotorious to how this page draws:
 * - A drag outside the selected box draws the next one at once; by itself
 *   Annotorious wants a click beside the box first.
 * - A drag that leaves the photo goes on until the pointer is let go.
 * - Its layer is for pointers only. Keys and screen readers have the frames, so
 *   nothing in the layer takes the focus.
 *
 * Answers what undoes all this.
 */
export function steadyPointer(annotator: ImageAnnotator): () => void {
  const surface = annotator.element;
  const layer = surface.querySelector<SVGSVGElement>('svg.a9s-annotationlayer');
  if (!layer) throw new Error('Annotorious made no drawing layer');

  const passed = new WeakSet<Event>();

  const down = (event: PointerEvent): void => {
    if (passed.has(event)) return;
    const target = event.target as Element;
    if (target.closest('.a9s-annotation.selected')) return;
    event.stopImmediatePropagation();
    // Keeps the browser from selecting text or dragging the photo.
    event.preventDefault();
    if (event.button !== 0 || !event.isPrimary) return;
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    annotator.setSelected();
    // Svelte puts the drawing tool in place in a microtask, queued by the line above.
    queueMicrotask(() => {
      layer.setPointerCapture(event.pointerId);
      const again = onLayer(event, layer);
      passed.add(again);
      layer.dispatchEvent(again);
    });
  };

  const canceled = (): void => annotator.cancelDrawing();

  const unfocusable = (): void => {
    layer.setAttribute('tabindex', '-1');
    layer.setAttribute('aria-hidden', 'true');
    layer.removeAttribute('role');
    for (const handle of layer.querySelectorAll('[tabindex="0"]')) handle.setAttribute('tabindex', '-1');
  };
  const watcher = new MutationObserver(unfocusable);

  unfocusable();
  watcher.observe(layer, { childList: true, subtree: true });
  layer.addEventListener('pointerdown', down, true);
  layer.addEventListener('pointercancel', canceled);
  return () => {
    watcher.disconnect();
    layer.removeEventListener('pointerdown', down, true);
    layer.removeEventListener('pointercancel', canceled);
  };
}

/** The same press, aimed at the layer itself. */
function onLayer(event: PointerEvent, layer: SVGSVGElement): PointerEvent {
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
