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
  job: {},

  /** The 3D stage. */
  viewer: {},

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
