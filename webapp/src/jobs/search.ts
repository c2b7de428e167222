import type { JobState, JobSummary } from '../api.ts';

/** A group of states that the user can choose. */
export type StateGroup = 'all' | 'unfinished' | 'succeeded' | 'partial' | 'failed';

/** In the order of the menu. */
export const stateGroups: readonly StateGroup[] = ['all', 'unfinished', 'succeeded', 'partial', 'failed'];

/** Which jobs the list shows. */
export interface Search {
  /** Words that the photo's name or the objects' labels contain, all of them. */
  readonly words: string;
  readonly states: StateGroup;
}

export const everything: Search = { words: '', states: 'all' };

/** Whether the search leaves out any job. */
export const isNarrow = ({ words, states }: Search): boolean => fold(words).length > 0 || states !== 'all';

/** Returns the jobs that the search finds; the same array if it finds all. */
export function found(search: Search, jobs: readonly JobSummary[]): readonly JobSummary[] {
  if (!isNarrow(search)) return jobs;
  const words = fold(search.words);
  return jobs.filter(
    (job) => isIn(search.states, job.state) && words.every((word) => textOf(job).includes(word)),
  );
}

function isIn(group: StateGroup, state: JobState): boolean {
  if (group === 'all') return true;
  if (group === 'unfinished') return state === 'uploading' || state === 'queued' || state === 'processing';
  return group === state;
}

/** Splits a text into words without case and accents. */
const fold = (text: string): string[] =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');

const texts = new WeakMap<JobSummary, string>();

/** The searched text of a job, which is made once. */
function textOf(job: JobSummary): string {
  let text = texts.get(job);
  if (text === undefined) {
    text = fold([job.name, ...(job.labels ?? [])].join(' ')).join(' ');
    texts.set(job, text);
  }
  return text;
}
