import { countInWords as count, plural } from '../format.ts';

/**
 * Every text of the page, in English, by the part of the page that shows it. A text with a value in
 * it is a function of that value. Another language is another file of the same shape.
 */
export const en = {
  /** Sign-in, navigation, errors of the whole page. */
  shell: {},

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
      photo: 'The photo, to draw boxes on',
      other: 'Other photo',
      more: 'Add photos',
      pointerHint:
        'Drag to draw a box. Click a box to move or resize it. Keys: arrows move, Shift + arrows resize (Alt: by one pixel), Delete removes, Enter names.',
      touchHint: 'Draw a box with your finger. Tap a box to move or resize it.',
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
      /** Links to this page. */
      edit: 'Edit and try again',
      object: 'Try this object again',
    },
  },

  /** Drawing boxes. */
  boxes: {},

  /** Drawing masks. */
  masks: {},

  /** The list of jobs. */
  jobs: {},

  /** One job. */
  job: {},

  /** The 3D stage. */
  viewer: {},

  /** Downloads and conversions. */
  takeaway: {},

  /** Figures, sizes and times. */
  format: {},
};
