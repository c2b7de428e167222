import { ApiError } from './api.ts';
import { texts } from './texts/texts.ts';
import { TransferError } from './upload/TransferError.ts';
import { h, icon } from './dom.ts';

/** Returns the message for any error. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError || error instanceof TransferError) return error.message;
  return texts.shell.faultOfAction;
}

/** Returns the message for an error of an operation that is retried automatically. */
export function messageOfRetried(error: unknown): string {
  if (error instanceof ApiError && error.kind === 'network') return texts.shell.unreachableRetried;
  return messageOf(error);
}

export interface Action {
  readonly text: string;
  run(): void;
}

/** An inline message with an optional action. Screen readers announce it at once. */
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
