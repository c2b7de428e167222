/**
 * The windows in which a view is checked, each in a color scheme of its own. The colors of the other
 * scheme are checked by expectAccessibleInBothSchemes.
 */
export const looks = (
  [
    // With two pixels a CSS pixel, masks are drawn with all pixels of a photo 600 pixels wide.
    { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, colorScheme: 'dark' },
    { viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1, colorScheme: 'light' },
  ] as const
).map((look) => ({
  ...look,
  title: `${look.viewport.width}×${look.viewport.height}, ${look.colorScheme}`,
}));
