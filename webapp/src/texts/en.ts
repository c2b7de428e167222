import { plural } from '../format.ts';

/**
 * Every text of the page, in English, by the part of the page that shows it. A text with a value in
 * it is a function of that value. Another language is another file of the same shape.
 */
export const en = {
  /** Sign-in, navigation, errors of the whole page. */
  shell: {},

  /** Choosing and sending photos. */
  upload: {},

  /** Drawing boxes. */
  boxes: {},

  /** Drawing masks. */
  masks: {},

  /** The list of jobs. */
  jobs: {},

  /** One job. */
  job: {
    untitled: 'Job',
    missing: 'No such job',
    missingWhy: 'There is no job at this address. It was deleted, or it belongs to another account.',
    toJobs: 'Go to your jobs',
    back: 'All jobs',
    tryNow: 'Try now',
    tryAgain: 'Try again',
    delete: 'Delete',
    deleteTitle: (name: string): string => `Delete ${name}?`,
    deleteText: 'The photo and its meshes are permanently deleted.',
    deleted: (name: string): string => `${name} deleted.`,
    thisJob: 'this job',
    editAgain: 'Edit and try again',
    objectAgain: 'Try this object again',

    submitted: 'Submitted ',
    emailed: ' We emailed you about it.',
    options: (quality: string, triangles: string, seed: number): string =>
      `, ${quality} quality${triangles && `, ${triangles} triangles`}, seed ${seed}`,

    notify: 'Notify me',
    notifyWhen: ' when it ends',
    notifyBlocked: 'Blocked by the browser',
    notifyRefused: 'The browser blocks notifications from this page.',

    /** The state of a whole job. */
    uploading:
      'The photo has not arrived yet. If the page that was sending it is closed, submit the photo again',
    expires: (time: string): string => `; this job expires at ${time}`,
    queued: (objects: number): string =>
      `The photo has arrived. ${plural(objects, 'object is', 'objects are')} waiting in the queue.`,
    processing: (done: number, total: number): string => `${done} of ${plural(total, 'object')} finished.`,
    succeeded: (total: number): string => (total === 1 ? 'The mesh is ready.' : `${total} meshes are ready.`),
    partial: (done: number, failed: number): string =>
      `${plural(done, 'mesh is', 'meshes are')} ready; ${plural(failed, 'object')} failed.`,
    failed: 'No mesh could be made.',
    nowReady: (titles: string, count: number): string => `${titles} ${count === 1 ? 'is' : 'are'} ready.`,
    nowFailed: (titles: string): string => `${titles} failed.`,

    /** What a queued job waits for. */
    overdue: 'This takes longer than usual; you can close this page, and we will email you.',
    ahead: (count: number): string =>
      plural(count, 'object of an earlier job goes first', 'objects of earlier jobs go first'),
    next: 'This job is next',
    starting: 'The GPU is starting',
    firstStart: 'The first start takes some minutes',
    waitingForStart: 'Waiting for the GPU to start',
    minutes: (count: number): string => `about ${plural(count, 'minute')}`,
    lessThanAMinute: 'less than a minute',

    /** What is on the stage. */
    items: 'Photo, scene and objects',
    photo: 'Photo',
    scene: 'Whole scene',
    object: (index: number): string => `Object ${index}`,
    photoAlt: (name: string): string => `The photo ${name}`,
    photoHint: 'Click an object in the photo to see its mesh.',
    showBoxes: 'Boxes',
    showMasks: 'Masks',
    mask: (title: string): string => `Mask of ${title}`,
    noMask: (titles: string): string => `The mask of ${titles} could not be loaded.`,
    leftOut: (titles: string, count: number): string =>
      `Without ${titles}: the model gave no place in the photo for ${count === 1 ? 'it' : 'them'}.`,
    assembling: 'Putting the objects together…',
    failedWithoutReason: 'This object failed without a reason. Submit the photo again.',
    checkMask:
      'Check the mask: the model is not sure that it found the object. If the mesh is wrong, correct the mask and try again.',

    /** An object in work. */
    inQueue: 'Waiting in the queue',
    stage: {
      starting: 'Starting',
      fetch: 'Reading the photo',
      mask: 'Finding the object',
      reconstruct: 'Building the mesh',
      export: 'Writing the files',
    } as Readonly<Record<string, string>>,
    progressOf: (title: string): string => `Progress of ${title}`,
    elapsed: (time: string): string => `${time} so far`,

    /** Facts on demand. */
    details: 'Details',
    detailsOf: (title: string): string => `Details of ${title}`,
    vertices: 'Vertices',
    faces: 'Faces',
    time: 'Time',
    cost: 'Cost',
    machine: 'Computed on',
    madeBy: 'Made by',
    stages: 'Stages',
    size: 'Size',
    pixels: 'Pixels',
    type: 'Type',
    file: 'File',
    objectCount: 'Objects',
    stageTimes: (times: readonly string[]): string => times.join(' · '),
    relief: 'relief: a CPU preview, not SAM 3D',
    sam3d: 'SAM 3D Objects',

    /** Files. */
    download: 'Download',
    fileOf: (content: string, owner: string): string => ` ${content} of ${owner}`,
    anyFile: 'file',
    sceneOwner: 'the whole scene',
    notDownloaded: (name: string): string =>
      `${name} could not be downloaded. Check the connection and try again.`,
  },

  /** The 3D stage. */
  viewer: {
    label: (title: string): string => `3D view of ${title}`,
    role: '3D view',
    help: 'Arrow keys turn it, with Shift they move it; plus and minus zoom, 0 goes back to the first view.',
    preview: (title: string): string => `Preview of ${title}`,
    loading: (title: string): string => `Loading ${title}`,
    failed: 'The mesh could not be shown.',
    splatFailed: 'The splat could not be shown.',
    lost: 'The browser has stopped the 3D graphics.',
    noWebGL: 'This browser cannot show 3D (WebGL is off). The files can be downloaded all the same.',
    noMesh: 'No GLB or splat was requested, so there is nothing to show here in 3D.',

    views: 'View',
    looks: { textured: 'Textured', clay: 'Clay', wireframe: 'Wireframe', splat: 'Splat' },

    tools: 'View tools',
    zoomIn: 'Zoom in',
    zoomOut: 'Zoom out',
    reset: 'Reset the view',
    turntable: 'Turntable',
    picture: 'Save a picture',
    pictureFailed: 'The picture could not be made.',
    fullScreen: 'Full screen',
    leaveFullScreen: 'Leave full screen',

    light: 'Light',
    exposure: 'Exposure',
    stops: (stops: number): string => `${stops > 0 ? '+' : ''}${stops} EV`,
    environment: 'Environment',
    environments: { studio: 'Studio', daylight: 'Daylight', evening: 'Evening' },
    splatHasItsLight: 'A splat has its own light: only the exposure changes it.',
    background: 'Background',
    backgrounds: { auto: 'Auto', light: 'Light', dark: 'Dark', none: 'None' },
  },

  /** Downloads and conversions. */
  takeaway: {},

  /** Figures, sizes and times. */
  format: {},
};
