import type { ResultFile } from '../api.ts';
import type { Look } from '../viewer/looks.ts';

/** A file that shows an item in some way. */
export interface Source {
  readonly format: 'glb' | 'spz' | 'splat';
  readonly url: string;
}

/** The file to fetch for a way to show an item; null if it has none. Of splats, the smaller file. */
export function sourceOf(files: readonly ResultFile[], look: Look): Source | null {
  const formats = look === 'splat' ? (['spz', 'splat'] as const) : (['glb'] as const);
  for (const format of formats) {
    const url = files.find((file) => file.format === format)?.viewUrl;
    if (url) return { format, url };
  }
  return null;
}

/** The ways in which an item can be shown. */
export function looksOf(files: readonly ResultFile[]): Look[] {
  const meshes: Look[] = sourceOf(files, 'textured') ? ['textured', 'clay', 'wireframe'] : [];
  return sourceOf(files, 'splat') ? [...meshes, 'splat'] : meshes;
}
