import type { Camera, Object3D, WebGLRenderer } from 'three';
import { gpuDone, rest } from './gpuDone.ts';

/**
 * The first use of a shader program asks the GPU for its uniforms. The page stands still until the
 * answer, which comes after everything that was asked for before: long, where shaders compile slowly or
 * there is no GPU. Programs are therefore compiled ahead, and used when the GPU has nothing left to do.
 */

/** Of three's wrapper of a program, whose types lack the first. */
interface Program {
  /** Whether it is compiled; always true where the browser cannot tell without waiting. */
  isReady(): boolean;
  getUniforms(): unknown;
}

/**
 * Waits until every program of the renderer can be used without delay; the page goes on meanwhile. Also
 * returns when the WebGL context is lost.
 */
export async function programsReady(renderer: WebGLRenderer): Promise<void> {
  const gl = renderer.getContext() as WebGL2RenderingContext;
  const programs = (): Program[] => [...((renderer.info.programs ?? []) as unknown as Program[])];
  while (!gl.isContextLost() && !programs().every((program) => program.isReady())) await rest();
  await gpuDone(gl);
  if (gl.isContextLost()) return;
  for (const program of programs()) {
    program.getUniforms();
    await rest();
  }
}

/** The renderer, but it compiles the programs of what it is given to draw, and draws nothing. */
export const rehearsing = (renderer: WebGLRenderer): WebGLRenderer =>
  new Proxy(renderer, {
    get: (target, name) =>
      name === 'render'
        ? (scene: Object3D, camera: Camera) => void target.compile(scene, camera)
        : Reflect.get(target, name),
  });
