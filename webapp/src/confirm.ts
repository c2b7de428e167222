import { h } from './dom.ts';
import { texts } from './texts/texts.ts';

export interface Question {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  /** Defaults to "Keep". */
  readonly no?: string;
}

/** Asks the user before an action that cannot be undone. Escape and the backdrop mean no. */
export function confirmed(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    const title = h('h2', { id: 'confirm-title' }, question.title);
    const keep = h(
      'button',
      { type: 'button', class: 'button', autofocus: true },
      question.no ?? texts.shell.keep,
    );
    const yes = h('button', { type: 'button', class: 'button danger' }, question.yes);
    const dialog = h(
      'dialog',
      { class: 'confirm', 'aria-labelledby': 'confirm-title' },
      title,
      h('p', {}, question.text),
      h('div', { class: 'confirm-actions' }, keep, yes),
    );
    keep.addEventListener('click', () => dialog.close());
    yes.addEventListener('click', () => dialog.close('yes'));
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close();
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
