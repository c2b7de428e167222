import type { Page } from '@playwright/test';
import type { StandIn } from './standin/service.ts';

/** Where the viewer draws: in its worker, or on the page where the browser has no WebGL in workers. */
export const places = ['in the worker', 'on the page'] as const;
export type Place = (typeof places)[number];

const worker = /\/ViewerWorker-[^/]*\.js$/;

/** The workers that draw. */
export const drawingWorkers = (page: Page) => page.workers().filter((one) => worker.test(one.url()));

/** Runs a script in the viewer's worker before its own; `addInitScript` does not reach workers. */
export const addWorkerScript = (standIn: StandIn, script: () => void): void =>
  standIn.runBefore(worker, script);

/** Makes the viewer draw in a place, and runs a script there before its own. */
export async function drawing(page: Page, standIn: StandIn, place: Place, script: () => void): Promise<void> {
  if (place === 'in the worker') {
    addWorkerScript(standIn, script);
    return;
  }
  await page.addInitScript(() => {
    Reflect.deleteProperty(HTMLCanvasElement.prototype, 'transferControlToOffscreen');
  });
  await page.addInitScript(script);
}

/** Evaluates a function where the viewer draws. */
export function whereItDraws<Result>(page: Page, place: Place, read: () => Result): Promise<Awaited<Result>> {
  if (place === 'on the page') return page.evaluate(read) as Promise<Awaited<Result>>;
  const [one] = drawingWorkers(page);
  if (!one) throw new Error('no worker draws');
  return one.evaluate(read) as Promise<Awaited<Result>>;
}

/** Takes WebGL from a canvas; runs in a page or in a worker. */
export const withoutWebGL = (): void => {
  const { prototype } = typeof HTMLCanvasElement === 'undefined' ? OffscreenCanvas : HTMLCanvasElement;
  const { getContext } = prototype;
  Object.assign(prototype, {
    getContext(this: object, ...args: ['2d']) {
      return String(args[0]).startsWith('webgl') ? null : Reflect.apply(getContext, this, args);
    },
  });
};

/**
 * Makes the page show the previews of meshes, as in a browser without WebGL: for tests that are not about
 * the 3D view, whose shaders take the processor two seconds.
 */
export async function showPreviews(page: Page, standIn: StandIn): Promise<void> {
  await page.addInitScript(withoutWebGL);
  addWorkerScript(standIn, withoutWebGL);
}
