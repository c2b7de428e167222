import type { BoxList } from './BoxList.ts';
import { historyStepFor } from './keys.ts';

/**
 * Undoes and redoes changes of the list by keys, wherever the focus is, until the returned function
 * is called. In a text field the browser handles the keys, and while the drawing is inert, which it
 * is while the photo is sent, the boxes cannot change.
 */
export function followHistoryKeys(drawing: HTMLElement, list: BoxList): () => void {
  const pressed = (event: KeyboardEvent): void => {
    const step = historyStepFor(event);
    if (!step || (event.target instanceof HTMLInputElement && event.target.type === 'text')) return;
    event.preventDefault();
    if (!drawing.closest('[inert]')) list[step]();
  };
  window.addEventListener('keydown', pressed, true);
  return () => window.removeEventListener('keydown', pressed, true);
}
