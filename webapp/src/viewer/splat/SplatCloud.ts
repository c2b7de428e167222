import {
  Box3,
  CustomBlending,
  DataTexture,
  GLSL3,
  InstancedBufferAttribute,
  InstancedBufferGeometry,
  Mesh,
  NearestFilter,
  OneFactor,
  OneMinusSrcAlphaFactor,
  type PerspectiveCamera,
  PlaneGeometry,
  RGBAIntegerFormat,
  ShaderMaterial,
  UnsignedIntType,
  Vector2,
  Vector3,
  type WebGLRenderer,
} from 'three';
import type { FromWorker, SplatFormat, ToWorker } from './messages.ts';
import { type Packed, perRow, texelsEach } from './packing.ts';
import { fragmentShader, vertexShader } from './shaders.ts';

/** Cosine of the angle by which the camera turns before the Gaussians are sorted again. */
const turned = 0.9995;

/**
 * A Gaussian splat as one instanced mesh. It writes display colors, without tone mapping. Its worker
 * reads the file and sorts the Gaussians for the camera; until an order arrives, the last one is drawn.
 */
export class SplatCloud {
  readonly mesh: Mesh<InstancedBufferGeometry, ShaderMaterial>;
  readonly bounds: Box3;
  readonly #texture: DataTexture;
  readonly #order: InstancedBufferAttribute;
  readonly #sorted = new Vector3();
  readonly #looking = new Vector3();
  readonly #viewport = new Vector2();
  #isSorting = false;
  #firstOrder = (): void => {};

  /** Resolves when the Gaussians have an order, so that a frame shows them. */
  readonly isSorted = new Promise<void>((resolve) => {
    this.#firstOrder = resolve;
  });

  private constructor(
    private readonly worker: Worker,
    { count, words, rows, least, most }: Omit<Packed, 'positions'>,
    /** Asks for a frame in a new order. */
    private readonly changed: () => void,
  ) {
    this.bounds = new Box3(new Vector3(...least), new Vector3(...most));
    this.#texture = new DataTexture(words, perRow * texelsEach, rows, RGBAIntegerFormat, UnsignedIntType);
    this.#texture.internalFormat = 'RGBA32UI';
    this.#texture.minFilter = NearestFilter;
    this.#texture.magFilter = NearestFilter;
    this.#texture.needsUpdate = true;
    const quad = new PlaneGeometry(4, 4);
    const geometry = new InstancedBufferGeometry();
    geometry.setIndex(quad.getIndex());
    geometry.setAttribute('position', quad.getAttribute('position'));
    this.#order = new InstancedBufferAttribute(new Uint32Array(count), 1);
    geometry.setAttribute('order', this.#order);
    geometry.instanceCount = 0;
    const material = new ShaderMaterial({
      glslVersion: GLSL3,
      vertexShader,
      fragmentShader,
      uniforms: {
        gaussians: { value: this.#texture },
        viewport: { value: this.#viewport },
        perRow: { value: perRow },
        texelsEach: { value: texelsEach },
        exposure: { value: 1 },
      },
      blending: CustomBlending,
      blendSrc: OneFactor,
      blendDst: OneMinusSrcAlphaFactor,
      transparent: true,
      depthTest: false,
      depthWrite: false,
    });
    this.mesh = new Mesh(geometry, material);
    // Its extent is in the texture, not in the quad.
    this.mesh.frustumCulled = false;
    this.mesh.onBeforeRender = (renderer, _scene, camera) =>
      this.#prepare(renderer as WebGLRenderer, camera as PerspectiveCamera);
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind === 'sorted') this.#take(data.order);
    };
  }

  /** Reads a splat. Rejects if the file is not one. */
  static async read(file: ArrayBuffer, format: SplatFormat, changed: () => void): Promise<SplatCloud> {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    try {
      const packed = await new Promise<Omit<Packed, 'positions'>>((resolve, reject) => {
        worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
          if (data.kind === 'opened') resolve(data.packed);
          else reject(new Error(data.kind === 'refused' ? data.message : data.kind));
        };
        worker.onerror = () => reject(new Error('the worker of the splat failed'));
        const message: ToWorker = { kind: 'open', file, format };
        worker.postMessage(message, [file]);
      });
      return new SplatCloud(worker, packed, changed);
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /** Multiplies the colors. */
  set exposure(value: number) {
    const { exposure } = this.mesh.material.uniforms;
    if (exposure) exposure.value = value;
  }

  dispose(): void {
    this.worker.terminate();
    this.mesh.removeFromParent();
    this.mesh.geometry.dispose();
    this.mesh.material.dispose();
    this.#texture.dispose();
  }

  #prepare(renderer: WebGLRenderer, camera: PerspectiveCamera): void {
    renderer.getDrawingBufferSize(this.#viewport);
    this.mesh.material.uniformsNeedUpdate = true;
    camera.getWorldDirection(this.#looking);
    if (this.#isSorting || this.#looking.dot(this.#sorted) > turned) return;
    this.#isSorting = true;
    this.#sorted.copy(this.#looking);
    const { x, y, z } = this.#looking;
    const message: ToWorker = { kind: 'sort', direction: [x, y, z] };
    this.worker.postMessage(message);
  }

  #take(order: Uint32Array): void {
    this.#isSorting = false;
    this.#order.array.set(order);
    this.#order.needsUpdate = true;
    this.mesh.geometry.instanceCount = order.length;
    this.#firstOrder();
    this.changed();
  }
}
