import { countInWords as count, plural } from '../format.ts';

/**
 * Every text of the page, in English, by the part of the page that shows it. A text with a value in
 * it is a function of that value. Another language is another file of the same shape.
 */
export const en = {
  /** Sign-in, navigation, errors of the whole page. */
  shell: {
    tryAgain: 'Try again',
  },

  /** Choosing and sending photos. */
  upload: {},

  /** Drawing boxes. */
  boxes: {},

  /** Drawing masks. */
  masks: {},

  /** The list of jobs. */
  jobs: {
    title: 'Your jobs',
    untitled: 'Untitled photo',
    states: {
      uploading: 'Uploading',
      queued: 'Waiting',
      processing: 'In progress',
      succeeded: 'Done',
      partial: 'Partly done',
      failed: 'Failed',
    } as Readonly<Record<string, string>>,
    waitingForPhoto: 'Waiting for the photo',
    meshes: (count: number) => plural(count, 'mesh', 'meshes'),
    noMeshOf: (total: number) => (total === 1 ? 'No mesh' : `None of ${total} meshes`),
    someMeshes: (made: number, total: number, failed: number) =>
      `${made} of ${plural(total, 'mesh', 'meshes')}${failed > 0 ? `, ${failed} failed` : ''}`,
    severalReasons: 'The objects failed for different reasons. Open the job to see them.',

    search: 'Search your jobs by photo name or label',
    searchHint: 'Photo name or label',
    filter: 'Show',
    groups: {
      all: 'All jobs',
      unfinished: 'Not finished',
      succeeded: 'Done',
      partial: 'Partly done',
      failed: 'Failed',
    },
    found: (found: number, read: number, isReading: boolean) =>
      isReading
        ? `${plural(found, 'job')} found so far. Searching… (${count(read)} read)`
        : `${plural(found, 'job')} found`,
    noneFound: 'No job matches your search.',
    showAll: 'Show all jobs',
    empty: 'No jobs yet.',
    emptyHint: 'Add a photo above. Its meshes will be listed here.',
    more: 'Load more',
    moreShown: (added: number) => `${plural(added, 'more job')}.`,
    tryNow: 'Try now',

    select: 'Select',
    selection: 'Selected jobs',
    selectNamed: (name: string) => `Select ${name}`,
    selected: (selected: number) => `${count(selected)} selected`,
    selectAll: (jobs: number) => `Select all ${count(jobs)}`,
    selectNone: 'Select none',
    endSelection: 'Cancel',
    deleteNamed: (name: string) => `Delete ${name}`,
    deleteSelected: (selected: number) => (selected > 0 ? `Delete ${count(selected)}` : 'Delete'),

    deleted: (name: string) => `${name} deleted.`,
    deletedMany: (jobs: number) => `${plural(jobs, 'job')} deleted.`,
    canUndo: (deleted: string) => `${deleted} You can undo this for 10 seconds.`,
    undo: 'Undo',
    restored: (jobs: number) => (jobs === 1 ? 'The job is back.' : `${plural(jobs, 'job')} are back.`),
    notDeleted: (name: string) => `${name} could not be deleted.`,
    notDeletedMany: (jobs: number) => `${plural(jobs, 'job')} could not be deleted.`,
  },

  /** One job. */
  job: {},

  /** The 3D stage. */
  viewer: {},

  /** Downloads and conversions. */
  takeaway: {},

  /** Figures, sizes and times. */
  format: {},
};
