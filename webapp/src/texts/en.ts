import { type Box, heightOf, widthOf } from '../boxes/geometry.ts';
import { countInWords as count, plural } from './count.ts';

/** Describes a box: its size and position. */
const boxInWords = (box: Box): string => `${widthOf(box)} × ${heightOf(box)} pixels at ${box.x0}, ${box.y0}`;

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
  upload: {
    view: {
      title: 'Make meshes from a photo',
      unreachable: 'Gen3D cannot be reached. Check the connection and choose the photo again.',
    },

    zone: {
      title: 'Drop a photo here',
      or: 'or several at once, or ',
      choose: 'choose files',
      paste: ', or paste one',
      limits: (types: string, bytes: string, pixels: string, side: number) =>
        `${types} · up to ${bytes} and ${pixels} · each side at least ${side} px`,
    },

    /** Why a file is not accepted. */
    check: {
      empty: 'This file is empty. Choose another photo.',
      unreadable: 'This file cannot be read. Copy it to this device and choose it again.',
      unknown: (types: string) => `This file is not a photo that Gen3D can read. Choose a ${types} file.`,
      foreign: (kind: string, types: string) =>
        `This is a ${kind} file. Save or export the photo as ${types} and choose that.`,
      wrongType: (type: string, types: string) =>
        `This is a ${type} file. Save the photo as ${types} and choose that.`,
      small: (pixels: string, side: number) =>
        `This photo has ${pixels}; each side needs at least ${side}. Choose a larger one.`,
      cutOff: 'This photo is cut off: the end of the file is missing. Copy it again or choose another one.',
    },

    /** The photo that is open, with its boxes. */
    workbench: {
      other: 'Other photo',
      more: 'Add photos',
      make: (meshes: number) => `Make ${plural(meshes, 'mesh', 'meshes')}`,
      again: 'Try again',
      noMaskTool: 'Gen3D cannot be reached. Check the connection and open the mask again.',
      noMasks: 'Gen3D cannot be reached, so that the masks are not shown.',
    },

    /** The list of the objects beside the photo. */
    objects: {
      title: 'Objects',
      add: 'Add a box',
      undo: 'Undo',
      redo: 'Redo',
      clear: 'Clear all',
      noBoxes: 'No boxes: ',
      wholeAlpha: 'the part of the picture that is not transparent is taken as one object.',
      whole: 'the whole picture is taken as one object. Draw a box around each thing you want instead.',
      full: (most: number) => `A photo takes at most ${most} boxes.`,
      size: (width: number, height: number) => `${width} × ${height} px`,
      label: (number: number) => `Label of object ${number}`,
      unnamed: (number: number) => `Object ${number}`,
      editMask: 'Edit mask',
      checkMask: 'Check mask',
      ofObject: (action: string, number: number) => `${action} of object ${number}`,
      remove: (number: number) => `Delete box ${number}`,
      count: (count: number, most: number) => `${count} of ${most}`,
      removed: (number: number) => `Box ${number} deleted.`,
    },

    options: {
      title: 'Options',
      quality: 'Quality',
      files: 'Files',
      faces: 'Triangles',
      facesHint: (least: number, most: number) =>
        `About how many the textured mesh has, from ${count(least)} to ${count(most)}.`,
      seed: 'Seed',
      seedHint: 'The same photo, box, quality and seed give the same mesh.',
      badFaces: (least: number, most: number) =>
        `The number of triangles must be a whole number from ${count(least)} to ${count(most)}, or empty.`,
      badSeed: (most: number) => `The seed must be a whole number from 0 to ${most}.`,
      noFormat: 'Choose at least one kind of file.',
    },

    /** One photo on its way to the service. */
    sending: {
      bar: 'Upload',
      cancel: 'Cancel',
      preparing: 'Preparing…',
      share: (percent: number) => `Sending the photo… ${percent}%`,
      sent: 'Sent. Waiting for the storage…',
      next: 'This photo is sent after the ones before it.',
      noPlace:
        'You have as many unfinished jobs as you can have. The photo is sent when one of them is done.',
      unreachable:
        'Gen3D cannot be reached. The page retries automatically until the photo is sent, you cancel, or you close the page.',
    },

    /** Why the storage did not take a photo. */
    transfer: {
      canceled: 'The upload was canceled.',
      tooLarge: 'The photo is larger than the service takes. Save it smaller and choose it again.',
      empty: 'The photo arrived empty. Choose it again.',
      expired: 'The permission to upload expired before the photo was sent. Try again; your boxes are kept.',
      denied: 'The storage refused the photo because it is not the announced file. Try again.',
      timedOut: 'The upload stopped halfway. Check the connection and try again.',
      full: 'The storage is full. Try again later; your boxes are kept.',
      busy: 'The storage is busy. Try again in a minute; your boxes are kept.',
      refused: (code: string) => `The storage refused the photo (${code}). Try again; your boxes are kept.`,
      network: 'The photo could not be sent. Check the connection and try again; your boxes are kept.',
    },

    /** The strip of several photos. */
    queue: {
      photos: 'Photos',
      keys: 'The arrow keys go from photo to photo, Enter opens one, Delete removes it.',
      tile: (name: string, number: number, of: number, state: string) =>
        `${name}, photo ${number} of ${of}: ${state}`,
      job: (name: string) => `${name}: sent. Go to its job`,
      remove: (name: string) => `Remove ${name}`,
      boxes: (boxes: number) => (boxes === 0 ? 'no boxes' : plural(boxes, 'box', 'boxes')),
      next: 'waiting',
      sending: (percent: number) => `sending ${percent}%`,
      place: 'waiting for a place',
      offline: 'offline',
      failed: 'not sent',
      sent: 'sent',
      sendAll: (photos: number, meshes: number) =>
        `Send ${plural(photos, 'photo')}: ${plural(meshes, 'mesh', 'meshes')}`,
      stop: 'Stop sending',
      count: (photos: number) => plural(photos, 'photo'),
      progress: (sent: number, of: number, failed: number) =>
        `${sent} of ${plural(of, 'photo')} sent${failed > 0 ? `, ${failed} not sent` : ''}.`,
      full: 'The next one is sent when one of your jobs is done.',
      allSent: (photos: number) =>
        `${photos === 1 ? 'The photo is' : `All ${photos} photos are`} sent. Your jobs are listed below.`,
    },

    /** The photos that are not sent yet. */
    desk: {
      pasted: 'pasted.png',
      isSending: 'This photo is being sent. Wait for it or cancel it first.',
      tooMany: (most: number, left: number) =>
        `At most ${most} photos can wait here: ${plural(left, 'photo was', 'photos were')} not added.`,
      damaged: (name: string, types: string) =>
        `${name} cannot be shown: the file is damaged. Save it again as ${types}, or choose another one.`,
      ready: (name: string, width: number, height: number, others: number) =>
        `${name} is ready: ${width} by ${height} pixels. Draw or add boxes.${others > 0 ? ` ${plural(others, 'more photo')} added.` : ''}`,
      sending: (photos: number) => (photos === 1 ? 'Sending the photo.' : `Sending ${photos} photos.`),
      canceled: 'Upload canceled. Your boxes are kept.',
      back: (name: string, boxes: number, ago: string) =>
        `${name}${boxes > 0 ? ` with ${plural(boxes, 'box', 'boxes')}` : ''} is back, as you left it ${ago}.`,
      allBack: (photos: number, ago: string) => `${photos} photos are back, as you left them ${ago}.`,
      discard: 'Discard',
      discardAll: 'Discard all',
      replace: 'Replace',
      remove: 'Remove',
      removed: (name: string) => `${name} removed.`,
      discarded: 'Discarded.',
      askDiscard: (action: string, name: string, boxes: number) => ({
        title: `${action} ${name}?`,
        text: `The ${boxes === 1 ? 'box' : `${boxes} boxes`} on it ${boxes === 1 ? 'is' : 'are'} permanently discarded.`,
        yes: action,
      }),
      askDiscardAll: (photos: number, boxes: number) => ({
        title: `Discard ${photos} photos?`,
        text:
          boxes === 0
            ? 'They are removed from this page.'
            : `They are removed from this page with ${plural(boxes, 'box', 'boxes')}.`,
        yes: 'Discard all',
      }),
      noRoom:
        'This browser has no room to keep your work. Make the meshes before you leave this page, or it is lost.',
      noRoomForMasks:
        'This browser has no room to keep the masks. Make the meshes before you leave this page, or the masks are lost.',
      stopSending: (photos: number, name: string, isKept: boolean) => ({
        title: `Stop sending ${photos === 1 ? name : `${photos} photos`}?`,
        text:
          photos === 1
            ? isKept
              ? 'The photo has not arrived yet. It is kept here with its boxes.'
              : 'The photo has not arrived yet, and this browser has no room to keep it.'
            : isKept
              ? 'They have not arrived yet. They are kept here with their boxes.'
              : 'They have not arrived yet, and this browser has no room to keep all of them.',
        yes: 'Stop sending',
        no: 'Keep sending',
      }),
      leave: (photos: number, name: string, boxes: number) => ({
        title: `Leave ${photos === 1 ? name : `${photos} photos`}?`,
        text: `This browser has no room to keep ${photos === 1 ? 'the photo' : 'the photos'} and ${plural(boxes, 'box', 'boxes')}.`,
        yes: 'Leave',
        no: 'Stay',
      }),
      allSent: (photos: number) => (photos === 1 ? 'The photo is sent.' : `All ${photos} photos are sent.`),
      /** Asked before signing out. */
      signOut: (photos: number, name: string) => ({
        title: 'Sign out?',
        text:
          photos === 1
            ? `${name} has not been submitted. It is deleted from this browser, with its boxes.`
            : `${photos} photos have not been submitted. They are deleted from this browser, with their boxes.`,
        yes: 'Sign out',
        no: 'Stay signed in',
      }),
    },

    /** An earlier job's photo, submitted again. */
    again: {
      title: 'Edit and try again',
      oneTitle: (number: number) => `Try object ${number} again`,
      back: 'Back to the job',
      loading: 'Loading the photo and the masks…',
      retry: 'Try again',
      choose: 'Choose a photo',
      noJob: 'There is no job at this address. It was deleted, or it belongs to another account.',
      noPhoto:
        'The photo of this job never arrived, or is not a picture. Choose the photo again to make its meshes.',
      photoGone:
        'The photo of this job is no longer stored: photos are deleted after some time. Choose the photo again to make its meshes.',
      noObject: (number: number) => `This job has no object ${number}.`,
    },
  },

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
