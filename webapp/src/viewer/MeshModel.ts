import type { Box3, Group, OrthographicCamera } from 'three';
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js';
import { disposeAll } from './disposal.ts';
import { Shading } from './Shading.ts';

/** A GLB: its meshes, and what it says of the photo's camera. */
export class MeshModel {
  readonly shading: Shading;
  readonly bounds: Box3;

  private constructor(
    readonly root: Group,
    /** Whether the photo's camera sees nearer things larger, as all but a drawn one do. */
    readonly isPerspective: boolean,
  ) {
    this.shading = new Shading(root);
    this.bounds = this.shading.bounds();
  }

  /** Reads a GLB, uncompressed as Gen3D's are. Rejects if it is not one, or has no mesh. */
  static async read(file: ArrayBuffer): Promise<MeshModel> {
    const { scene, cameras } = await new GLTFLoader().parseAsync(file, '');
    const isDrawn = cameras.some((camera) => (camera as Partial<OrthographicCamera>).isOrthographicCamera);
    const model = new MeshModel(scene, !isDrawn);
    if (!model.bounds.isEmpty()) return model;
    model.dispose();
    throw new Error('the GLB has no mesh');
  }

  dispose(): void {
    this.shading.dispose();
    this.root.removeFromParent();
    disposeAll(this.root);
  }
}
