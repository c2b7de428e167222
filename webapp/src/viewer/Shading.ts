import {
  Box3,
  Color,
  type Material,
  Mesh,
  MeshBasicMaterial,
  MeshStandardMaterial,
  type Object3D,
} from 'three';
import type { Look } from './looks.ts';

/** Shows the meshes below an object with their own materials, as clay, or as a wireframe. */
export class Shading {
  readonly #own = new Map<Mesh, Material | Material[]>();
  readonly #lines: Mesh[] = [];
  readonly #clay = new MeshStandardMaterial({ color: new Color(0xc9c2b8), roughness: 0.82 });
  // Pushed back, so that the lines are in front of the faces that they bound.
  readonly #faces = new MeshStandardMaterial({
    color: new Color(0xdfdcd6),
    roughness: 0.9,
    polygonOffset: true,
    polygonOffsetFactor: 1,
    polygonOffsetUnits: 1,
  });
  readonly #wire = new MeshBasicMaterial({
    color: new Color(0x2448c4),
    wireframe: true,
    transparent: true,
    opacity: 0.55,
    toneMapped: false,
  });

  constructor(root: Object3D) {
    root.traverse((part) => {
      if (!(part instanceof Mesh)) return;
      if (!part.geometry.hasAttribute('normal')) part.geometry.computeVertexNormals();
      this.#own.set(part, part.material as Material | Material[]);
    });
  }

  show(look: Exclude<Look, 'splat'>): void {
    for (const line of this.#lines.splice(0)) line.removeFromParent();
    for (const [mesh, own] of this.#own) {
      mesh.material = look === 'textured' ? own : look === 'clay' ? this.#clay : this.#faces;
      if (look !== 'wireframe') continue;
      const line = new Mesh(mesh.geometry, this.#wire);
      this.#lines.push(line);
      mesh.add(line);
    }
  }

  /** The extent of the meshes. */
  bounds(): Box3 {
    const box = new Box3();
    for (const mesh of this.#own.keys()) box.expandByObject(mesh);
    return box;
  }

  /** Gives the meshes their own materials back, for the disposal of both. */
  dispose(): void {
    this.show('textured');
    for (const material of [this.#clay, this.#faces, this.#wire]) material.dispose();
  }
}
