import type { JobState, ObjectState } from '../api.ts';
import { say } from '../dom.ts';

const words: Readonly<Record<JobState | ObjectState, string>> = {
  uploading: 'Uploading',
  queued: 'Queued',
  processing: 'Working',
  succeeded: 'Done',
  partial: 'Partly done',
  failed: 'Failed',
};

export const stateInWords = (state: JobState | ObjectState): string => words[state] ?? state;

/** Makes an element show a state, in words as well as in color. */
export function updateChip(chip: HTMLElement, state: JobState | ObjectState): void {
  chip.className = `chip chip-${state}`;
  say(chip, stateInWords(state));
}
