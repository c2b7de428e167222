import {
  type Box3,
  Mesh,
  MeshBasicMaterial,
  type Object3D,
  OrthographicCamera,
  PlaneGeometry,
  Vector3,
} from 'three';
import { ShadowPainter } from './ShadowPainter.ts';

/** Height of the parts that cast a shadow, as a share of the object's longest side on the ground. */
const reach = 0.45;

/** The plane's size relative to the object, with room for the blur. */
const spread = 1.9;

/**
 * The soft shadow of a mesh on the ground below it: the mesh seen from below, darker the nearer it is
 * to the ground, and blurred. It is rendered once.
 */
export class ContactShadow {
  readonly plane: Mesh;
  readonly #target = ShadowPainter.target();
  readonly #geometry = new PlaneGeometry(1, 1).rotateX(Math.PI / 2);
  readonly #material: MeshBasicMaterial;
  readonly #camera: OrthographicCamera;

  constructor(
    private readonly object: Object3D,
    box: Box3,
  ) {
    const size = box.getSize(new Vector3());
    const center = box.getCenter(new Vector3());
    const width = Math.max(size.x, size.z) * spread;
    this.#material = new MeshBasicMaterial({
      map: this.#target.texture,
      transparent: true,
      opacity: 0.55,
      depthWrite: false,
      toneMapped: false,
    });
    this.plane = new Mesh(this.#geometry, this.#material);
    this.plane.position.set(center.x, box.min.y - size.y * 0.004, center.z);
    // The picture's rows begin at the bottom.
    this.plane.scale.set(width, -1, width);
    const camera = new OrthographicCamera(-width / 2, width / 2, width / 2, -width / 2, 0, width * reach);
    camera.position.copy(this.plane.position);
    camera.rotation.x = Math.PI / 2;
    camera.updateMatrixWorld();
    this.#camera = camera;
  }

  /** Compiles the shaders that render it. */
  compile(painter: ShadowPainter): void {
    painter.compile(this.object, this.#camera, this.#target);
  }

  render(painter: ShadowPainter): void {
    painter.paint(this.object, this.#camera, this.#target);
  }

  dispose(): void {
    this.plane.removeFromParent();
    this.#geometry.dispose();
    this.#material.dispose();
    this.#target.dispose();
  }
}
