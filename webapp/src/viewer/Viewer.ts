import type { ModelViewerElement } from '@google/model-viewer';
import { h } from '../dom.ts';

let drawing: boolean | null = null;

/** Whether this browser supports WebGL. */
export function canDraw3D(): boolean {
  drawing ??= tryDrawing();
  return drawing;
}

function tryDrawing(): boolean {
  try {
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('webgl2');
    context?.getExtension('WEBGL_lose_context')?.loseContext();
    return context !== null;
  } catch {
    return false;
  }
}

let component: Promise<void> | null = null;

/** Loads the viewer component, once, when the first mesh is shown. */
function loadComponent(): Promise<void> {
  component ??= import('@google/model-viewer').then(({ ModelViewerElement }) => {
    // Meshes are not compressed. The decoder of one that is would be fetched from this origin,
    // never from another host.
    ModelViewerElement.dracoDecoderLocation = '/decoders/';
    ModelViewerElement.ktx2TranscoderLocation = '/decoders/';
  });
  component.catch(() => {
    component = null;
  });
  return component;
}

/** Number of failures by URL. */
const failures = new Map<string, number>();

/**
 * Returns the URL with a fragment after a failure: the component keeps the outcome of each URL, and
 * would not fetch a mesh again.
 */
function addressOf(url: string): string {
  const count = failures.get(url);
  return count === undefined ? url : `${url}#${count}`;
}

/**
 * Shows one mesh, which the user can rotate. There is no automatic rotation: it draws only while
 * something moves, which saves battery and time on machines without a GPU.
 */
export class Viewer {
  readonly #host: HTMLElement;
  #element: ModelViewerElement | null = null;
  #version = 0;

  constructor(
    host: HTMLElement,
    /** The camera at first, as model-viewer's attribute camera-orbit. */
    private readonly orbit = '-24deg 78deg auto',
  ) {
    this.#host = host;
  }

  /**
   * Shows the GLB at the URL in place of the current one. Rejects if it cannot be fetched or read.
   */
  async load(url: string, description: string): Promise<void> {
    this.#version += 1;
    const version = this.#version;
    await loadComponent();
    if (version !== this.#version) return;
    this.#remove();
    const element = h('model-viewer' as 'div', {
      class: 'viewer-canvas',
      alt: description,
      'camera-controls': true,
      'touch-action': 'pan-y',
      'interaction-prompt': 'none',
      'camera-orbit': this.orbit,
      'shadow-intensity': 0.7,
      'shadow-softness': 0.9,
      exposure: 1.05,
      'tone-mapping': 'neutral',
    }) as HTMLElement as ModelViewerElement;
    this.#element = element;
    await new Promise<void>((resolve, reject) => {
      element.addEventListener('load', () => resolve(), { once: true });
      const failed = (): void => {
        failures.set(url, (failures.get(url) ?? 0) + 1);
        reject(new Error('the mesh could not be loaded'));
      };
      element.addEventListener('error', failed, { once: true });
      element.src = addressOf(url);
      this.#host.append(element);
    });
    if (version === this.#version) this.frame();
  }

  /** Rotates the mesh back to its first view and fits it to the frame. */
  frame(): void {
    if (!this.#element) return;
    this.#element.cameraOrbit = this.orbit;
    this.#element.cameraTarget = 'auto auto auto';
    this.#element.fieldOfView = 'auto';
    this.#element.jumpCameraToGoal();
  }

  /** Releases the mesh and its GPU memory. */
  dispose(): void {
    this.#version += 1;
    this.#remove();
  }

  #remove(): void {
    if (!this.#element) return;
    this.#element.src = null;
    this.#element.remove();
    this.#element = null;
  }
}
