import { countInWords as count, plural } from '../format.ts';

/**
 * Every text of the page, in English, by the part of the page that shows it. A text with a value in
 * it is a function of that value. Another language is another file of the same shape.
 */
export const en = {
  /** Sign-in, navigation, errors of the whole page. */
  shell: {
    product: 'Gen3D',
    skip: 'Skip to content',
    signOut: 'Sign out',
    reload: 'Reload',
    tryAgain: 'Try again',
    moment: 'One moment.',
    startPage: 'Go to the start page',

    /** The lower edge of the page. */
    kept: (days: number | undefined) =>
      days === undefined
        ? 'Gen3D stores your photos and meshes until you delete them.'
        : `Gen3D stores your photos and meshes for ${plural(days, 'day')}, or until you delete them.`,
    erased: (days: number) => `Deleted files are gone for good after ${plural(days, 'day')}.`,
    privacy: 'Other users cannot see them.',
    help: 'Questions or problems? Email ',

    welcome: {
      signIn: 'Sign in',
      title: 'Turn objects in a photo into 3D meshes',
      lead: 'Add a photo, draw a box around each object, and get a 3D mesh of each one to view and download.',
      steps: [
        ['Add a photo', 'JPEG, PNG or WebP, from this device or the clipboard.'],
        ['Mark the objects', 'Up to 16 in one photo, with a mouse, a finger or the keyboard.'],
        ['Download the meshes', 'GLB, PLY and Gaussian splats. We email you when they are ready.'],
      ] as readonly (readonly [string, string])[],
      unreachable: 'The sign-in page cannot be reached. Check your connection and try again.',
    },

    signOutTitle: 'Sign out?',
    signOutDraft: (photo: string) =>
      `You have not submitted ${photo}. Signing out deletes it from this browser, with its boxes.`,
    staySignedIn: 'Stay signed in',
    signingOut: 'Signing out…',
    signingIn: 'Signing in…',
    signInFailed: 'You could not be signed in. Try again.',
    signInForJob: 'Sign in to see this job.',
    sessionLost:
      'Your session has ended, and the sign-in page cannot be reached. Check your connection and sign in again.',
    lost: 'Page not found',
    lostWhy: 'There is no page at this address.',
    cannotStart: 'Gen3D cannot start',
    cannotStartWhy: 'The page could not load its settings. Check your connection and reload the page.',
    /** An error that no other code has caught. */
    fault: 'Something went wrong on this page. Reload it; your jobs are safe.',
    faultOfAction: 'Something went wrong on this page. Reload it and try again.',
    keepIt: 'Keep it',

    /** Failed requests, where the service sends no message of its own. */
    unreachable: 'Gen3D cannot be reached. Check your connection and try again.',
    unreachableRetried: 'Gen3D cannot be reached. Check your connection; the page keeps trying.',
    sessionEnded: 'Your session has ended. Sign in again.',
    forbidden: 'Your account is not allowed to do that.',
    noSuchJob: 'There is no such job.',
    tooManyRequests: 'Too many requests at once. Wait a moment and try again.',
    serviceFault: 'Gen3D has a problem. Try again in a minute.',
    refused: (status: number) => `Gen3D refused the request (error ${status}).`,
    unreadable: 'Gen3D sent an unreadable answer. Try again in a minute.',
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
  format: {
    bytes: (figure: string, one: boolean) => (one ? '1 byte' : `${figure} bytes`),
    kilobytes: (figure: number) => `${figure} KB`,
    megabytes: (figure: number) => `${figure} MB`,
    tooManyBytes: (size: string, limit: string) =>
      `The photo is ${size}; the limit is ${limit}. Save it smaller and try again.`,
    sizeExactly: (rounded: string, exact: string) => `${rounded} (${exact})`,
    megapixels: (figure: string) => `${figure} megapixels`,
    pixels: (figure: string) => `${figure} pixels`,
    tooManyPixels: (width: number, height: number, limit: string) =>
      `The photo is ${width} × ${height} pixels; the limit is ${limit}. Scale it down and try again.`,
    size: (width: number, height: number) => `${width} × ${height} px`,
    milliseconds: (figure: number) => `${figure} ms`,
    seconds: (figure: string) => `${figure} s`,
    minutes: (minutes: number, seconds: number) => `${minutes} min ${seconds} s`,
    justNow: 'just now',
    freeOfCharge: '$0',
    hardlyAnything: 'under $0.0001',
    dollars: (figure: string) => `$${figure}`,
    or: 'or',
  },
};
