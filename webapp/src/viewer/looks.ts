/** How the viewer shows an object: its mesh in one of three ways, or its Gaussian splat. */
export const looks = ['textured', 'clay', 'wireframe', 'splat'] as const;
export type Look = (typeof looks)[number];

/** The surroundings that light a mesh. */
export const environments = ['studio', 'daylight', 'evening'] as const;
export type Environment = (typeof environments)[number];

/** What is behind the object. `auto` follows the page's colors; `none` is transparent. */
export const backgrounds = ['auto', 'light', 'dark', 'none'] as const;
export type Background = (typeof backgrounds)[number];

/** Where the camera is at first: beside the object, or where the photo was taken. */
export type Front = 'object' | 'photo';

/** Exposure in photographic stops: each doubles the light. */
export const exposureRange = { least: -2, most: 2, step: 0.25 } as const;
