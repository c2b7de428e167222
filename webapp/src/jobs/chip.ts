import type { JobState, ObjectState } from '../api.ts';
import { say } from '../dom.ts';
import { texts } from '../texts/texts.ts';

export const stateInWords = (state: JobState | ObjectState): string => texts.jobs.states[state] ?? state;

/** Makes an element show a state, in words as well as in color. */
export function updateChip(chip: HTMLElement, state: JobState | ObjectState): void {
  const name = `chip chip-${state}`;
  if (chip.className !== name) chip.className = name;
  say(chip, stateInWords(state));
}
