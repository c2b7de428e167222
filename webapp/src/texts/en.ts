import { plural } from '../format.ts';
import { type Box, heightOf, widthOf } from '../boxes/geometry.ts';

/** Describes a box: its size and position. */
const boxInWords = (box: Box): string => `${widthOf(box)} × ${heightOf(box)} pixels at ${box.x0}, ${box.y0}`;

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
  boxes: {
    photo: 'The photo, to draw boxes on',
    view: 'Photo with its boxes',
    keys: 'Drag to draw a box. Click a box to move or resize it. Keys: arrows move the box, Shift + arrows resize it (with Alt by one pixel), Delete deletes it, Enter edits its label. Zoom: Ctrl + wheel, or +, − and 0; Space + drag moves the photo.',
    touch:
      'Draw a box with one finger. Tap a box to move or resize it. Zoom and move the photo with two fingers.',
    zoom: {
      title: 'Zoom',
      in: 'Zoom in',
      out: 'Zoom out',
      fit: 'Whole photo',
      move: 'Move photo',
      level: (times: number) => `${times < 10 ? Math.round(times * 10) / 10 : Math.round(times)}×`,
    },
    frame: (number: number, label: string, box: Box) =>
      `Object ${number}${label ? `, ${label}` : ''}: ${boxInWords(box)}`,
    drawn: (number: number, box: Box) => `Box ${number} drawn: ${boxInWords(box)}.`,
    placed: (number: number, box: Box) => `Object ${number}: ${boxInWords(box)}.`,
    deleted: (left: number) =>
      left === 0
        ? 'Box deleted. No boxes are left.'
        : `Box deleted. ${left} ${left === 1 ? 'is' : 'are'} left.`,
    full: (most: number) => `A photo can have ${most} boxes at most. Delete one to draw another.`,
    tooSmall: (least: number) =>
      `That box is too small: each side needs at least ${least} pixels of the photo. Zoom in to draw around small objects.`,
  },

  /** Drawing masks. */
  masks: {
    title: (number: number) => `Mask of object ${number}`,
    surface: (number: number) => `Mask of object ${number} on the photo`,
    tools: 'Tool',
    modes: { in: '+ Point in', out: '− Point out', box: 'Box', brush: 'Brush', eraser: 'Eraser' },
    size: 'Size',
    undo: 'Undo',
    redo: 'Redo',
    dim: 'Dim the rest',
    use: 'Use this mask',
    cancel: 'Cancel',
    none: 'No mask',
    /** What each tool does, by mouse and by finger. */
    hints: {
      in: ['Click the object; Alt + click what is not part of it.', 'Tap the object.'],
      out: [
        'Click what is not part of the object; Alt + click the object.',
        'Tap what is not part of the object.',
      ],
      box: ['Drag a box around the object.', 'Draw a box around the object.'],
      brush: ['Paint over the object.', 'Paint over the object.'],
      eraser: ['Paint over what is not part of the object.', 'Paint over what is not part of the object.'],
    },
    keys: 'Keys: arrows move the crosshair (with Shift farther, with Alt by one pixel), Enter uses the tool, Shift + Enter does the opposite. Zoom: Ctrl + wheel, or +, − and 0.',
    touch: 'Zoom and move the photo with two fingers.',
    used: (number: number) => `The mask of object ${number} will be used as it is shown.`,
    canceled: 'The mask is as it was before.',
    removed: (number: number) => `Gen3D will find object ${number} in its box by itself.`,
    crosshair: (x: number, y: number) => `Crosshair at ${x}, ${y}.`,
    corner: 'One corner is set. Move to the opposite corner and press Enter.',
    mostPoints: (most: number) => `An object can have ${most} points at most. Use the brush for the rest.`,
    finding: 'Finding the mask…',
    cannotFind: 'This browser cannot find masks. Paint over the object with the brush.',
    nothing: 'No object stands out here. Click its middle, or paint over it with the brush.',
    covers: (percent: number) => `The mask covers ${percent}% of the photo.`,
    networkLoading: 'Loading a better way to find objects. Until it is there, masks are found by color.',
    networkReading: 'Looking at the photo. In a moment, masks are found by more than color.',
    networkFailed: 'The better way to find objects does not run here, so masks are found by color.',
  },

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

    /** Follows "Download" for screen readers. */
    sceneOwner: 'the whole scene',
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
  takeaway: {
    download: 'Download',
    downloadOf: (title: string) => `Download ${title}`,
    close: 'Close',
    cancel: 'Cancel',
    notLoaded: 'The downloads could not be shown. Check the connection and try again.',
    notDownloaded: (name: string) => `${name} could not be downloaded. Check the connection and try again.`,
    amount: (received: string, total: string) => `${received} of ${total}`,
    saved: (name: string) => `${name} is ready; the browser saves it.`,

    otherFormats: 'Other formats',
    otherFormatsHow: 'Your browser makes these from the GLB.',
    source: 'Made from',
    targets: {
      obj: {
        title: 'OBJ',
        use: 'for modeling programs: mesh with colors; a texture and its MTL come in a zip',
      },
      stl: { title: 'STL', use: 'for 3D printing: shape without colors, in the size above' },
      usdz: { title: 'USDZ', use: 'for iPhone, iPad and Mac: textured mesh, in the size above' },
    },
    longestSide: 'Longest side',
    unit: 'Unit',
    units: { mm: 'millimeters', cm: 'centimeters', m: 'meters', in: 'inches' },
    sizeHint:
      'A photo does not tell an object’s real size. STL files have no unit: the numbers in the file are in the one chosen here, and programs for 3D printing expect millimeters.',
    badSize: 'Enter a length above 0, such as 100 or 2.5.',
    gettingMesh: 'Getting the mesh…',
    converting: 'Converting…',
    notConverted: (format: string) => `The ${format} could not be made. Check the connection and try again.`,
    withoutColors: 'It has no colors, because this mesh has no texture.',
    prepareAr: 'View in your surroundings',
    arReady: 'Ready to view.',
    openInAr: 'Open in AR',

    everything: 'Download everything',
    everythingOf: (name: string) => `Download everything of ${name}`,
    everythingHow: 'One zip file with a list of its contents (manifest.json). Choose what goes into it.',
    chooseFormats: 'What goes into the zip file',
    pictures: 'Photo, masks and previews',
    contents: (files: string, size: string) => `${files}, ${size}`,
    nothingChosen: 'Nothing is chosen.',
    heldInMemory: (size: string) =>
      `This browser keeps all ${size} in memory until the zip file is complete. If it fails, choose fewer formats, or use Chrome or Edge on a computer: they write it to disk at once.`,
    downloadZip: 'Download zip',
    zipping: 'Getting the files…',
    zipCanceled: 'Canceled. No zip file was saved.',
    zipDone: (name: string, files: string) => `${name} is saved with ${files}.`,
    zipIncomplete: (name: string) => `${name} is saved, but these files could not be downloaded:`,
    zipEmpty: 'None of the files could be downloaded. Check the connection and try again.',
    zipNotWritten: 'The zip file could not be written. Check that there is space for it and try again.',
    missingName: 'MISSING FILES.txt',
    missingText: (names: readonly string[]) =>
      `These files of the job could not be downloaded and are not in this zip file. Download it again from the job's page.\n\n${names.join('\n')}\n`,
    missingReasons: {
      noLink: 'the service gave no link to it',
      refused: (status: number) => `the storage answered ${status}`,
      unreachable: 'the connection failed',
    },
  },

  /** Figures, sizes and times. */
  format: {},
};
