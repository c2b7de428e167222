import {
  type Box3,
  CustomBlending,
  DoubleSide,
  MaxEquation,
  Mesh,
  MeshBasicMaterial,
  type Object3D,
  OrthographicCamera,
  PlaneGeometry,
  Scene,
  ShaderMaterial,
  Vector3,
  type WebGLRenderer,
  WebGLRenderTarget,
} from 'three';
import { FullScreenQuad } from 'three/addons/postprocessing/Pass.js';
import { HorizontalBlurShader } from 'three/addons/shaders/HorizontalBlurShader.js';
import { VerticalBlurShader } from 'three/addons/shaders/VerticalBlurShader.js';

/** Side of the shadow's picture in pixels. */
const side = 256;

/** Height of the parts that cast a shadow, as a share of the object's longest side on the ground. */
const reach = 0.45;

/** The plane's size relative to the object, with room for the blur. */
const spread = 1.9;

/** Widths of the blur, the second to hide the steps of the first, in shares of the plane. */
const blurs = [0.09, 0.04];

/**
 * The soft shadow of a mesh on the ground below it: the mesh seen from below, darker the nearer it is
 * to the ground, and blurred. It is rendered once.
 */
export class ContactShadow {
  readonly plane: Mesh;
  readonly #target = new WebGLRenderTarget(side, side, { depthBuffer: false });
  readonly #geometry = new PlaneGeometry(1, 1).rotateX(Math.PI / 2);
  readonly #material: MeshBasicMaterial;

  constructor(renderer: WebGLRenderer, object: Object3D, box: Box3) {
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
    this.#render(renderer, object, camera);
  }

  dispose(): void {
    this.plane.removeFromParent();
    this.#geometry.dispose();
    this.#material.dispose();
    this.#target.dispose();
  }

  #render(renderer: WebGLRenderer, object: Object3D, camera: OrthographicCamera): void {
    const depth = new ShaderMaterial({
      side: DoubleSide,
      depthTest: false,
      depthWrite: false,
      blending: CustomBlending,
      blendEquation: MaxEquation,
      vertexShader: 'void main() { gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0); }',
      fragmentShader: `
        void main() {
          float near = 1.0 - gl_FragCoord.z;
          gl_FragColor = vec4(0.0, 0.0, 0.0, near * near * 0.9);
        }`,
    });
    const scene = new Scene();
    const parent = object.parent;
    scene.add(object);
    scene.overrideMaterial = depth;
    const other = new WebGLRenderTarget(side, side, { depthBuffer: false });
    renderer.setRenderTarget(this.#target);
    renderer.clear();
    renderer.render(scene, camera);
    for (const blur of blurs) {
      blurInto(renderer, HorizontalBlurShader, 'h', blur, this.#target, other);
      blurInto(renderer, VerticalBlurShader, 'v', blur, other, this.#target);
    }
    renderer.setRenderTarget(null);
    other.dispose();
    depth.dispose();
    if (parent) parent.add(object);
    else object.removeFromParent();
  }
}

function blurInto(
  renderer: WebGLRenderer,
  shader: typeof HorizontalBlurShader | typeof VerticalBlurShader,
  uniform: 'h' | 'v',
  width: number,
  from: WebGLRenderTarget,
  to: WebGLRenderTarget,
): void {
  const material = new ShaderMaterial({
    uniforms: { tDiffuse: { value: from.texture }, [uniform]: { value: width / 4 } },
    vertexShader: shader.vertexShader,
    fragmentShader: shader.fragmentShader,
    depthTest: false,
  });
  const quad = new FullScreenQuad(material);
  renderer.setRenderTarget(to);
  renderer.clear();
  quad.render(renderer);
  quad.dispose();
  material.dispose();
}
