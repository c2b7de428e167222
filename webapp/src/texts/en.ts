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
  },

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
