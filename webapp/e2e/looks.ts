const sizes = [
  // With two pixels a CSS pixel, masks are drawn with all pixels of a photo 600 pixels wide.
  { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
  { viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1 },
];

/** The windows and color schemes in which a view is checked. */
export const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
  sizes.map((size) => ({
    ...size,
    colorScheme,
    title: `${size.viewport.width}×${size.viewport.height}, ${colorScheme}`,
  })),
);
