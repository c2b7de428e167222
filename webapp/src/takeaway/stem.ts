import type { ResultFile } from '../api.ts';

/** Returns how the names of an item's files begin, to name others that are made of them. */
export function stemOf(files: readonly ResultFile[], fallback: string): string {
  const endings = { glb: '.glb', 'glb-dense': '-dense.glb', ply: '.ply', splat: '-splat.ply', spz: '.spz' };
  for (const { format, name } of files) {
    const ending = endings[format];
    if (name.endsWith(ending) && name.length > ending.length) return name.slice(0, -ending.length);
  }
  return fallback;
}
