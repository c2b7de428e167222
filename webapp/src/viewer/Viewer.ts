import { NeutralToneMapping, Scene, SRGBColorSpace, type Texture, WebGLRenderer } from 'three';
import { ContactShadow } from './ContactShadow.ts';
import { DrawLoop } from './DrawLoop.ts';
import { Input, type PointerInput } from './Input.ts';
import type { Move } from './keys.ts';
import type { Environment, Front, Look } from './looks.ts';
import { MeshModel } from './MeshModel.ts';
import type { Setup, ViewSize, Wanted } from './messages.ts';
import { Orbit } from './Orbit.ts';
import { releaseTables } from './disposal.ts';
import { programsReady } from './programs.ts';
import { Resolution } from './Resolution.ts';
import { ShadowPainter } from './ShadowPainter.ts';
import type { SplatFormat } from './splat/messages.ts';
import type { SplatCloud } from './splat/SplatCloud.ts';
import { lightOf } from './surroundings.ts';

export interface ViewerEvents {
  /** The browser has taken the graphics away; this viewer draws no more. */
  lost(): void;
}

/**
 * Draws one object at a time, which the user can turn: its mesh, its splat, or both in turn. There is one
 * viewer, with one WebGL context, on a page; what an object needs of the GPU is released when another
 * takes its place. It draws only when something has changed or moves. It knows nothing of the page, so that it
 * can run in a worker; a ViewerClient is its side there.
 */
export class Viewer {
  readonly #input = new Input();
  readonly #renderer: WebGLRenderer;
  readonly #scene = new Scene();
  readonly #orbit: Orbit;
  readonly #loop = new DrawLoop((seconds) => this.#draw(seconds));
  readonly #resolution: Resolution;
  readonly #lights = new Map<Environment, Promise<Texture>>();
  readonly #painter: ShadowPainter;
  #mesh: MeshModel | null = null;
  #shadow: ContactShadow | null = null;
  #splat: SplatCloud | null = null;
  #look: Look = 'textured';
  #size: ViewSize;
  #isFramed = false;
  #environment: Environment = 'studio';
  /** Resolves when the scene has the light of the environment. */
  #lit: Promise<void> = Promise.resolve();
  #exposure = 1;

  constructor(
    private readonly canvas: HTMLCanvasElement | OffscreenCanvas,
    context: WebGL2RenderingContext,
    { size, isReduced }: Setup,
    private readonly events: ViewerEvents,
  ) {
    this.#size = size;
    this.#renderer = new WebGLRenderer({ canvas, context });
    this.#renderer.outputColorSpace = SRGBColorSpace;
    // Waiting for the state of each shader would stop the page.
    this.#renderer.debug.checkShaderErrors = import.meta.env.DEV;
    this.#renderer.toneMapping = NeutralToneMapping;
    this.#painter = new ShadowPainter(this.#renderer);
    this.#orbit = new Orbit(this.#input, () => this.#loop.request(), isReduced);
    this.#resolution = new Resolution(size.ratio, () => {
      this.#resizeBuffer();
      this.#loop.request();
    });
    canvas.addEventListener('webglcontextlost', this.#lost);
    this.resize(size);
  }

  /**
   * Fetches a file of the current object; resolves when it is drawn. Rejects if it cannot be fetched or read,
   * or `signal` aborts it.
   */
  async load(wanted: Wanted, signal: AbortSignal): Promise<void> {
    const { format } = wanted;
    const response = await fetch(wanted.url, { signal });
    if (!response.ok) throw new Error(`the file answers ${response.status}`);
    const file = await response.arrayBuffer();
    if (format === 'glb') await this.#takeMesh(file, wanted, signal);
    else await this.#takeSplat(file, format, wanted.front, signal);
    await this.#loop.next();
    signal.throwIfAborted();
  }

  /** Shows what is loaded in this way. */
  show(look: Look): void {
    if (look === this.#look) return;
    this.#look = look;
    this.#showLook();
  }

  /** Releases the current object, for another one. */
  clear(): void {
    this.#dropMesh();
    this.#dropSplat();
    this.#isFramed = false;
    this.#loop.request();
  }

  /** Lights the mesh. `stops` is the exposure: each doubles the light. */
  light(environment: Environment, stops: number): void {
    this.#environment = environment;
    this.#lit = this.#takeLight(environment);
    // Whoever needs the light finds out that there is none.
    this.#lit.catch(() => {});
    this.#exposure = 2 ** stops;
    this.#renderer.toneMappingExposure = this.#exposure;
    if (this.#splat) this.#splat.exposure = this.#exposure;
    this.#loop.request();
  }

  turntable(isOn: boolean): void {
    this.#orbit.isTurning = isOn;
    this.#loop.request();
  }

  move(move: Move): void {
    this.#orbit.move(move);
    this.#loop.request();
  }

  /** Takes what the user does to the view. */
  input(input: PointerInput): void {
    this.#input.take(input);
  }

  /** Takes another size, and draws at once: a resized canvas is empty until it is drawn. */
  resize(size: ViewSize): void {
    if (size.width === 0 || size.height === 0) return;
    this.#size = size;
    this.#resolution.atRest = size.ratio;
    this.#resizeBuffer();
    this.#orbit.resize(size);
    this.#draw(0);
  }

  /** Returns the view as it is, in full resolution. */
  picture(): Promise<ImageBitmap> {
    this.#resolution.rest();
    this.#renderer.render(this.#scene, this.#orbit.camera);
    return createImageBitmap(this.canvas);
  }

  /** Releases everything, the WebGL context too. */
  dispose(): void {
    this.canvas.removeEventListener('webglcontextlost', this.#lost);
    this.#resolution.stop();
    this.clear();
    this.#loop.stop();
    this.#orbit.dispose();
    this.#painter.dispose();
    for (const light of this.#lights.values()) light.then((texture) => texture.dispose()).catch(() => {});
    this.#renderer.dispose();
    this.#renderer.forceContextLoss();
  }

  readonly #lost = (event: Event): void => {
    event.preventDefault();
    this.events.lost();
  };

  async #takeLight(environment: Environment): Promise<void> {
    const light = this.#lights.get(environment) ?? lightOf(environment, this.#renderer);
    this.#lights.set(environment, light);
    light.catch(() => this.#lights.delete(environment));
    const texture = await light;
    if (this.#environment !== environment) return;
    this.#scene.environment = texture;
    this.#loop.request();
  }

  async #takeMesh(file: ArrayBuffer, { front, look }: Wanted, signal: AbortSignal): Promise<void> {
    const mesh = await MeshModel.read(file);
    const shadow = front === 'object' ? new ContactShadow(mesh.root, mesh.bounds) : null;
    try {
      await this.#lit;
      signal.throwIfAborted();
      await this.#compile(mesh, shadow, look);
      signal.throwIfAborted();
    } catch (error) {
      shadow?.dispose();
      mesh.dispose();
      throw error;
    }
    this.#dropMesh();
    this.#mesh = mesh;
    this.#shadow = shadow;
    if (shadow) {
      shadow.render(this.#painter);
      this.#scene.add(shadow.plane);
    }
    this.#scene.add(mesh.root);
    this.#frame(mesh.bounds, front, mesh.isPerspective);
    this.#look = look;
    this.#showLook();
  }

  /** Releases the mesh. The page may not know of it: it can cancel a load that is done. */
  #dropMesh(): void {
    if (this.#mesh) releaseTables(this.#renderer, this.#mesh.root);
    this.#mesh?.dispose();
    this.#shadow?.dispose();
    this.#mesh = null;
    this.#shadow = null;
  }

  #dropSplat(): void {
    this.#splat?.dispose();
    this.#splat = null;
  }

  /** Compiles the shaders that draw a mesh as the user wants to see it. */
  async #compile(mesh: MeshModel, shadow: ContactShadow | null, look: Look): Promise<void> {
    if (look !== 'splat') mesh.shading.show(look);
    for (const part of [mesh.root, ...(shadow ? [shadow.plane] : [])])
      this.#renderer.compile(part, this.#orbit.camera, this.#scene);
    shadow?.compile(this.#painter);
    await programsReady(this.#renderer);
  }

  async #takeSplat(file: ArrayBuffer, format: SplatFormat, front: Front, signal: AbortSignal): Promise<void> {
    const { SplatCloud } = await import('./splat/SplatCloud.ts');
    const splat = await SplatCloud.read(file, format, () => this.#loop.request());
    if (signal.aborted) splat.dispose();
    signal.throwIfAborted();
    this.#dropSplat();
    this.#splat = splat;
    splat.exposure = this.#exposure;
    this.#scene.add(splat.mesh);
    this.#frame(splat.bounds, front, true);
    this.#look = 'splat';
    this.#showLook();
    await splat.isSorted;
  }

  #showLook(): void {
    const look = this.#look;
    const isSplat = look === 'splat';
    if (this.#mesh) {
      this.#mesh.root.visible = !isSplat;
      if (!isSplat) this.#mesh.shading.show(look);
    }
    if (this.#shadow) this.#shadow.plane.visible = !isSplat;
    if (this.#splat) this.#splat.mesh.visible = isSplat;
    this.#loop.request();
  }

  /** Goes to the first view of an object, unless another of its files has led there. */
  #frame(...about: Parameters<Orbit['frame']>): void {
    if (this.#isFramed) return;
    this.#isFramed = true;
    this.#orbit.frame(...about);
  }

  /** Gives the canvas its pixels at once, because each change makes a new buffer. */
  #resizeBuffer(): void {
    const { width, height } = this.#size;
    this.#renderer.setDrawingBufferSize(width, height, this.#resolution.ratio);
  }

  #draw(seconds: number): void {
    this.#orbit.advance(seconds);
    // First, because a canvas whose resolution changes is empty.
    if (seconds > 0) this.#resolution.drew(seconds);
    this.#renderer.render(this.#scene, this.#orbit.camera);
    if (this.#orbit.isTurning) this.#loop.request();
  }
}
