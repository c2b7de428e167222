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
  masks: {
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
  takeaway: {},

  /** Figures, sizes and times. */
  format: {},
};
