import type { FromViewer, Opening, Port, Setup, ToViewer } from './messages.ts';
import { canvasFor, contextOf } from './surface.ts';

/** A viewer that runs, and the canvas that shows what it draws. */
export interface Connection {
  readonly canvas: HTMLCanvasElement;
  readonly port: Port<FromViewer, ToViewer>;
  /** Releases everything, the WebGL context too. */
  end(): void;
}

/**
 * Starts a viewer in a worker, so that shaders, textures and frames never make the page wait. Returns null
 * where a worker cannot draw with WebGL, as in Safari before version 17, or does not start, as a module does
 * not in Firefox before version 114.
 */
async function inWorker(setup: Setup, failed: () => void): Promise<Connection | null> {
  const canvas = canvasFor(setup.size);
  if (typeof OffscreenCanvas === 'undefined' || !('transferControlToOffscreen' in canvas)) return null;
  const worker = new Worker(new URL('./ViewerWorker.ts', import.meta.url), { type: 'module' });
  const port: Port<FromViewer, ToViewer> = worker;
  const opening: Opening = { canvas: canvas.transferControlToOffscreen(), setup };
  worker.postMessage(opening, [opening.canvas]);
  const isOpen = await new Promise<boolean>((resolve) => {
    worker.onerror = () => resolve(false);
    port.onmessage = ({ data }) => resolve(data.kind === 'opened' && data.hasWebGL);
  });
  if (!isOpen) {
    worker.terminate();
    return null;
  }
  worker.onerror = failed;
  return { canvas, port, end: () => worker.terminate() };
}

/**
 * Starts the same viewer on the page. Returns null where there is no WebGL, before its code is loaded; rejects
 * if that cannot be loaded.
 */
async function onPage(setup: Setup): Promise<Connection | null> {
  const canvas = canvasFor(setup.size);
  if (!contextOf(canvas)) return null;
  const { serve } = await import('./serve.ts');
  const { port1, port2 } = new MessageChannel();
  const dispose = await serve(port2, canvas, setup);
  if (!dispose) return null;
  return {
    canvas,
    port: port1,
    end: () => {
      // A port that is open keeps what listens to it.
      port1.close();
      dispose();
    },
  };
}

/**
 * Starts a viewer. Returns null where the browser has no WebGL; rejects if its code cannot be loaded. `failed`
 * is called if it ends by an error later.
 */
export const connect = async (setup: Setup, failed: () => void): Promise<Connection | null> =>
  (await inWorker(setup, failed)) ?? (await onPage(setup));
