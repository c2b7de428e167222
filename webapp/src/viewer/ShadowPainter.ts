import {
  CustomBlending,
  DoubleSide,
  MaxEquation,
  Mesh,
  type Object3D,
  type OrthographicCamera,
  Scene,
  ShaderMaterial,
  type WebGLRenderer,
  WebGLRenderTarget,
} from 'three';
import { FullScreenQuad } from 'three/addons/postprocessing/Pass.js';
import { HorizontalBlurShader } from 'three/addons/shaders/HorizontalBlurShader.js';
import { VerticalBlurShader } from 'three/addons/shaders/VerticalBlurShader.js';
import { rehearsing } from './programs.ts';

/** Side of a shadow's picture in pixels. */
const side = 256;

/** Widths of the blur, the second to hide the steps of the first, in shares of the plane. */
const blurs = [0.09, 0.04];

const blurOf = (
  { vertexShader, fragmentShader }: typeof HorizontalBlurShader | typeof VerticalBlurShader,
  uniform: 'h' | 'v',
): ShaderMaterial =>
  new ShaderMaterial({
    uniforms: { tDiffuse: { value: null }, [uniform]: { value: 0 } },
    vertexShader,
    fragmentShader,
    depthTest: false,
  });

/** Renders soft shadows. Its shaders are those of all of them. */
export class ShadowPainter {
  readonly #other = ShadowPainter.target();
  readonly #depth = new ShaderMaterial({
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
  readonly #across = blurOf(HorizontalBlurShader, 'h');
  readonly #down = blurOf(VerticalBlurShader, 'v');
  readonly #quad = new FullScreenQuad();

  constructor(private readonly renderer: WebGLRenderer) {}

  /** A picture for a shadow. */
  static target(): WebGLRenderTarget {
    return new WebGLRenderTarget(side, side, { depthBuffer: false });
  }

  /** Compiles the shaders for an object. */
  compile(object: Object3D, camera: OrthographicCamera, into: WebGLRenderTarget): void {
    const { renderer } = this;
    renderer.setRenderTarget(into);
    object.traverse((part) => {
      if (part instanceof Mesh) renderer.compile(new Mesh(part.geometry, this.#depth), camera);
    });
    for (const material of [this.#across, this.#down]) {
      this.#quad.material = material;
      this.#quad.render(rehearsing(renderer));
    }
    renderer.setRenderTarget(null);
  }

  /** Renders what the camera sees of the object, darker the nearer it is, and blurred. */
  paint(object: Object3D, camera: OrthographicCamera, into: WebGLRenderTarget): void {
    const { renderer } = this;
    const scene = new Scene();
    const { parent } = object;
    scene.add(object);
    scene.overrideMaterial = this.#depth;
    renderer.setRenderTarget(into);
    renderer.clear();
    renderer.render(scene, camera);
    for (const width of blurs) {
      this.#blur(this.#across, 'h', width, into, this.#other);
      this.#blur(this.#down, 'v', width, this.#other, into);
    }
    renderer.setRenderTarget(null);
    if (parent) parent.add(object);
    else object.removeFromParent();
  }

  dispose(): void {
    for (const material of [this.#depth, this.#across, this.#down]) material.dispose();
    this.#other.dispose();
    this.#quad.dispose();
  }

  #blur(
    material: ShaderMaterial,
    uniform: 'h' | 'v',
    width: number,
    from: WebGLRenderTarget,
    to: WebGLRenderTarget,
  ): void {
    const { tDiffuse, [uniform]: step } = material.uniforms;
    if (!tDiffuse || !step) return;
    tDiffuse.value = from.texture;
    step.value = width / 4;
    this.#quad.material = material;
    this.renderer.setRenderTarget(to);
    this.renderer.clear();
    this.#quad.render(this.renderer);
  }
}
