import { type Material, Mesh, type Object3D, Texture, type WebGLRenderer } from 'three';

/**
 * Releases the table that the shaders of these materials share with those of all other renderers
 * (`getDFGLUT` in three's WebGLRenderer). The table lives as long as the page, and by its listener
 * keeps each renderer that has uploaded it, with the canvas.
 */
export function releaseTables(renderer: WebGLRenderer, root: Object3D): void {
  root.traverse((part) => {
    if (!(part instanceof Mesh)) return;
    for (const material of [part.material].flat()) {
      const { uniforms } = renderer.properties.get(material) as {
        uniforms?: { dfgLUT?: { value: unknown } };
      };
      const table = uniforms?.dfgLUT?.value;
      if (table instanceof Texture) table.dispose();
    }
  });
}

/** Releases the textures that a material uses, and the material. */
export function disposeMaterial(material: Material): void {
  for (const value of Object.values(material)) {
    if (!(value instanceof Texture)) continue;
    value.dispose();
    if (value.image instanceof ImageBitmap) value.image.close();
  }
  material.dispose();
}

/** Releases the GPU memory of everything below an object. */
export function disposeAll(root: Object3D): void {
  root.traverse((part) => {
    if (!(part instanceof Mesh)) return;
    part.geometry.dispose();
    for (const material of [part.material].flat()) disposeMaterial(material as Material);
  });
}
