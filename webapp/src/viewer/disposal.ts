import { type Material, Mesh, type Object3D, Texture } from 'three';

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
