import { downloadZip } from 'client-zip';
import { inMeters, type Size } from '../size.ts';
import { hasVertexColors, readModel } from './Model.ts';
import { objFiles } from './obj.ts';
import { stlOf } from './stl.ts';
import { usdzOf } from './usdz.ts';

export type Target = 'obj' | 'stl' | 'usdz';

/** A file that was made of a GLB. */
export interface Converted {
  readonly file: Blob;
  /** Follows the stem of the file's name. */
  readonly suffix: string;
  /** Whether the mesh has colors that the file has not. */
  readonly isWithoutColors: boolean;
}

/** What to make of which GLB. */
export interface Order {
  readonly glb: Blob;
  readonly target: Target;
  readonly size: Size;
  /** Begins the names of files within the file. */
  readonly stem: string;
}

/**
 * Converts a GLB. OBJ keeps its coordinates; STL has the size in its own unit, USDZ in meters. An OBJ
 * with a texture is a zip of mesh, materials and textures. Rejects if the GLB cannot be read.
 */
export async function convert({ glb, target, size, stem }: Order): Promise<Converted> {
  const model = await readModel(await glb.arrayBuffer());
  const isColored = model.pictures.size > 0 || model.parts.some(hasVertexColors);
  switch (target) {
    case 'obj': {
      const files = objFiles(model, stem);
      const [mesh, ...others] = files;
      if (mesh && others.length === 0)
        return {
          file: new Blob([mesh.content], { type: 'model/obj' }),
          suffix: '.obj',
          isWithoutColors: false,
        };
      const zip = downloadZip(files.map(({ name, content }) => ({ name, input: content })));
      return { file: await zip.blob(), suffix: '-obj.zip', isWithoutColors: false };
    }
    case 'stl':
      return {
        file: new Blob([stlOf(model, size.length)], { type: 'model/stl' }),
        suffix: '.stl',
        isWithoutColors: isColored,
      };
    case 'usdz':
      return {
        file: new Blob([await usdzOf(model, inMeters(size))], { type: 'model/vnd.usdz+zip' }),
        suffix: '.usdz',
        // The exporter's materials do not refer to colors of vertices.
        isWithoutColors: isColored && model.pictures.size === 0,
      };
  }
}
