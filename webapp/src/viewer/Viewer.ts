import { NeutralToneMapping, Scene, SRGBColorSpace, type Texture, WebGLRenderer } from 'three';
import { ContactShadow } from './ContactShadow.ts';
import { DrawLoop } from './DrawLoop.ts';
import type { Environment, Front, Look } from './looks.ts';
import { MeshModel } from './MeshModel.ts';
import { Orbit } from './Orbit.ts';
import { releaseTables } from './disposal.ts';
import { programsReady } from './programs.ts';
import { Resolution } from './Resolution.ts';
import { ShadowPainter } from './ShadowPainter.ts';
import type { SplatFormat } from './splat/messages.ts';
import type { SplatCloud } from './splat/SplatCloud.ts';
import type { Surface } from './surface.ts';
import { lightOf } from './surroundings.ts';

/** A file that the viewer reads. */
export type ViewFormat = 'glb' | SplatFormat;

export interface ViewerEvents {
  /** The browser has taken the graphics away; this viewer draws no more. */
  lost(): void;
}

/**
 * Draws one object at a time, which the user can turn: its mesh, its splat, or both in turn. There is one
 * viewer, with one WebGL context, on a page; what an object needs of the GPU is released when another
 * takes its place. It draws only when something has changed or moves.
 */
export class Viewer {
  readonly #canvas: HTMLCanvasElement;
  readonly #renderer: WebGLRenderer;
  readonly #scene = new Scene();
  readonly #orbit: Orbit;
  readonly #loop = new DrawLoop((seconds) => this.#draw(seconds));
  readonly #resolution: Resolution;
  readonly #resized = new ResizeObserver(() => this.#resize());
  readonly #lights = new Map<Environment, Promise<Texture>>();
  readonly #painter: ShadowPainter;
  #mesh: MeshModel | null = null;
  #shadow: ContactShadow | null = null;
  #splat: SplatCloud | null = null;
  #look: Look = 'textured';
  #isFramed = false;
  #environment: Environment = 'studio';
  /** Resolves when the scene has the light of the environment. */
  #lit: Promise<void> = Promise.resolve();
  #exposure = 1;

  /** Puts the canvas into its place; both belong to the viewer from then on. */
  constructor(
    private readonly place: HTMLElement,
    { canvas, context }: Surface,
    private readonly events: ViewerEvents,
  ) {
    this.#canvas = canvas;
    this.#renderer = new WebGLRenderer({ canvas, context });
    this.#renderer.outputColorSpace = SRGBColorSpace;
    // Waiting for the state of each shader would stop the page.
    this.#renderer.debug.checkShaderErrors = import.meta.env.DEV;
    this.#renderer.toneMapping = NeutralToneMapping;
    this.#painter = new ShadowPainter(this.#renderer);
    // First, because the controls listen at the root of the document that the canvas is in.
    place.append(this.#canvas);
    const isReduced = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#orbit = new Orbit(this.#canvas, () => this.#loop.request(), isReduced);
    this.#resolution = new Resolution(() => {
      this.#size();
      this.#loop.request();
    });
    this.#canvas.addEventListener('webglcontextlost', this.#lost);
    this.#resized.observe(place);
    this.#resize();
  }

  /** Whether a file of this format of the current object is loaded. */
  has(format: ViewFormat): boolean {
    return format === 'glb' ? this.#mesh !== null : this.#splat !== null;
  }

  /**
   * Fetches a file of the current object. Rejects if it cannot be fetched or read, or `signal` aborts it.
   */
  async load(format: ViewFormat, url: string, front: Front, signal: AbortSignal): Promise<void> {
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`the file answers ${response.status}`);
    const file = await response.arrayBuffer();
    if (format === 'glb') await this.#takeMesh(file, front, signal);
    else await this.#takeSplat(file, format, front, signal);
  }

  /** Shows what is loaded in this way. */
  show(look: Look): void {
    this.#look = look;
    const isSplat = look === 'splat';
    if (this.#mesh) {
      this.#mesh.root.visible = !isSplat;
      if (!isSplat) this.#mesh.shading.show(look);
    }
    if (this.#shadow) this.#shadow.plane.visible = !isSplat;
    if (this.#splat) this.#splat.mesh.visible = isSplat;
    this.#loop.request();
  }

  /** Releases the current object, for another one. */
  clear(): void {
    if (this.#mesh) releaseTables(this.#renderer, this.#mesh.root);
    this.#mesh?.dispose();
    this.#shadow?.dispose();
    this.#splat?.dispose();
    this.#mesh = null;
    this.#shadow = null;
    this.#splat = null;
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

  /** Whether a vertical drag with one finger scrolls the page. */
  allowScrolling(allows: boolean): void {
    this.#orbit.allowScrolling(allows);
  }

  /** Turns the object to its first view. */
  frame(): void {
    this.#orbit.goHome();
    this.#loop.request();
  }

  zoom(isIn: boolean): void {
    this.#orbit.zoom(isIn);
    this.#loop.request();
  }

  /** Handles a key; false if it has no meaning here. */
  press(event: KeyboardEvent): boolean {
    if (!this.#orbit.press(event)) return false;
    this.#loop.request();
    return true;
  }

  /**
   * Returns a PNG of the view as it is, in full resolution. `paint` draws what is behind the object.
   */
  picture(paint: (context: CanvasRenderingContext2D, width: number, height: number) => void): Promise<Blob> {
    this.#resolution.rest();
    this.#renderer.render(this.#scene, this.#orbit.camera);
    const { width, height } = this.#canvas;
    const copy = document.createElement('canvas');
    copy.width = width;
    copy.height = height;
    const context = copy.getContext('2d');
    if (context) {
      paint(context, width, height);
      context.drawImage(this.#canvas, 0, 0);
    }
    return new Promise((resolve, reject) => {
      copy.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png');
    });
  }

  /** Releases everything, the WebGL context too. */
  dispose(): void {
    this.#canvas.removeEventListener('webglcontextlost', this.#lost);
    this.#resized.disconnect();
    this.#resolution.stop();
    this.clear();
    this.#loop.stop();
    this.#orbit.dispose();
    this.#painter.dispose();
    for (const light of this.#lights.values()) light.then((texture) => texture.dispose()).catch(() => {});
    this.#renderer.dispose();
    this.#renderer.forceContextLoss();
    this.#canvas.remove();
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

  async #takeMesh(file: ArrayBuffer, front: Front, signal: AbortSignal): Promise<void> {
    const mesh = await MeshModel.read(file);
    const shadow = front === 'object' ? new ContactShadow(mesh.root, mesh.bounds) : null;
    try {
      await this.#lit;
      signal.throwIfAborted();
      await this.#compile(mesh, shadow);
      signal.throwIfAborted();
    } catch (error) {
      shadow?.dispose();
      mesh.dispose();
      throw error;
    }
    this.#mesh = mesh;
    this.#shadow = shadow;
    if (shadow) {
      shadow.render(this.#painter);
      this.#scene.add(shadow.plane);
    }
    this.#scene.add(mesh.root);
    this.#frame(mesh.bounds, front, mesh.isPerspective);
    this.show(this.#look);
  }

  /** Compiles the shaders that draw a mesh as the user wants to see it. */
  async #compile(mesh: MeshModel, shadow: ContactShadow | null): Promise<void> {
    if (this.#look !== 'splat') mesh.shading.show(this.#look);
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
    this.#splat = splat;
    splat.exposure = this.#exposure;
    this.#scene.add(splat.mesh);
    this.#frame(splat.bounds, front, true);
    this.show('splat');
    await splat.isSorted;
  }

  /** Goes to the first view of an object, unless another of its files has led there. */
  #frame(...about: Parameters<Orbit['frame']>): void {
    if (this.#isFramed) return;
    this.#isFramed = true;
    this.#orbit.frame(...about);
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.place;
    if (clientWidth === 0 || clientHeight === 0) return;
    this.#size();
    // The padding is what is placed over the edges of the view.
    const { paddingTop, paddingBottom } = getComputedStyle(this.place);
    const covered = { top: Number.parseFloat(paddingTop), bottom: Number.parseFloat(paddingBottom) };
    this.#orbit.resize(clientWidth, clientHeight, covered);
    // A resized canvas is empty until it is drawn.
    this.#draw(0);
  }

  /** Gives the canvas the pixels of its place, at once, because each change makes a new buffer. */
  #size(): void {
    const { clientWidth, clientHeight } = this.place;
    this.#renderer.setDrawingBufferSize(clientWidth, clientHeight, this.#resolution.ratio);
  }

  #draw(seconds: number): void {
    this.#orbit.advance(seconds);
    // First, because a canvas whose resolution changes is empty.
    if (seconds > 0) this.#resolution.drew(seconds);
    this.#renderer.render(this.#scene, this.#orbit.camera);
    if (this.#orbit.isTurning) this.#loop.request();
  }
}
