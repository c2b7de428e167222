import { ApiError } from './api.ts';
import { TransferError } from './upload/transfer.ts';
import { h, icon } from './dom.ts';

/** What to tell the user of any error. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError || error instanceof TransferError) return error.message;
  return 'Something went wrong on this page. Reload it and try again.';
}

/** What to tell the user of an error of something that is tried again without them. */
export function messageOfRetried(error: unknown): string {
  if (error instanceof ApiError && error.kind === 'network')
    return 'Gen3D cannot be reached. Check the connection; the page tries again by itself.';
  return messageOf(error);
}

export interface Action {
  readonly text: string;
  run(): void;
}

/** A message in place, with what can be done about it. Screen readers say it at once. */
export function alertBox(message: string, ...actions: Action[]): HTMLElement {
  return h(
    'div',
    { class: 'alert', role: 'alert' },
    icon('warning'),
    h('p', {}, message),
    ...actions.map((action) =>
      h('button', { type: 'button', class: 'button small', on: { click: () => action.run() } }, action.text),
    ),
  );
}
