import type { BoxList } from './BoxList.ts';
import { historyStepFor } from './keys.ts';

/** Where the browser handles the keys of undo and redo, and a dialog, behind which nothing changes. */
const notOfTheList = 'input:not([type=checkbox], [type=radio], [type=range], [type=file]), textarea, dialog';

/**
 * Undoes and redoes changes of the list by keys, wherever the focus is but in a text field or a
 * dialog, until the returned function is called. While the drawing is inert, which it is while the
 * photo is sent, the boxes cannot change.
 */
export function followHistoryKeys(drawing: HTMLElement, list: BoxList): () => void {
  const pressed = (event: KeyboardEvent): void => {
    const step = historyStepFor(event);
    if (!step || (event.target instanceof Element && event.target.closest(notOfTheList))) return;
    event.preventDefault();
    if (!drawing.closest('[inert]')) list[step]();
  };
  window.addEventListener('keydown', pressed, true);
  return () => window.removeEventListener('keydown', pressed, true);
}
