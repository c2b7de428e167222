import { gpuDone } from './gpuDone.ts';
import type { FromViewer, Port, Setup, ToViewer } from './messages.ts';
import { contextOf } from './surface.ts';
import { Viewer } from './Viewer.ts';

/**
 * Runs a viewer on a canvas, by messages: in a worker, or on the page where the browser has no such canvas.
 * Returns what ends it; null without WebGL.
 */
export async function serve(
  port: Port<ToViewer, FromViewer>,
  canvas: HTMLCanvasElement | OffscreenCanvas,
  setup: Setup,
): Promise<(() => void) | null> {
  const context = contextOf(canvas);
  if (!context) {
    port.postMessage({ kind: 'opened', hasWebGL: false });
    return null;
  }
  // The limits of the context, which three asks for, are known then without a wait.
  await gpuDone(context);
  const viewer = new Viewer(canvas, context, setup, { lost: () => port.postMessage({ kind: 'lost' }) });
  const loads = new Map<number, AbortController>();

  const load = async ({ id, ...what }: Extract<ToViewer, { kind: 'load' }>): Promise<void> => {
    const abort = new AbortController();
    loads.set(id, abort);
    try {
      await viewer.load(what, abort.signal);
      port.postMessage({ kind: 'done', id });
    } catch (error) {
      port.postMessage({ kind: 'failed', id, message: String(error) });
    } finally {
      loads.delete(id);
    }
  };
  const picture = async (id: number): Promise<void> => {
    try {
      const bitmap = await viewer.picture();
      port.postMessage({ kind: 'done', id, bitmap }, { transfer: [bitmap] });
    } catch (error) {
      port.postMessage({ kind: 'failed', id, message: String(error) });
    }
  };
  const take = (message: ToViewer): void | Promise<void> => {
    switch (message.kind) {
      case 'load':
        return load(message);
      case 'cancel':
        return loads.get(message.id)?.abort();
      case 'picture':
        return picture(message.id);
      case 'show':
        return viewer.show(message.look);
      case 'clear':
        return viewer.clear();
      case 'light':
        return viewer.light(message.environment, message.stops);
      case 'turntable':
        return viewer.turntable(message.isOn);
      case 'move':
        return viewer.move(message.move);
      case 'input':
        return viewer.input(message.input);
      case 'resize':
        return viewer.resize(message.size);
    }
  };
  port.onmessage = ({ data }) => void take(data);
  port.postMessage({ kind: 'opened', hasWebGL: true });
  return () => {
    for (const abort of loads.values()) abort.abort();
    viewer.dispose();
  };
}
