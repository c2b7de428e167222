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
