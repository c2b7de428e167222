import { gzipSync } from 'node:zlib';
import { addWorkerScript, drawing, drawingWorkers, places, whereItDraws, withoutWebGL } from './drawing.ts';
import { expect, openSignedIn, signIn, test } from './fixtures.ts';
import type { StandIn } from './standin/service.ts';
import { button, expectChange, expectMeshDrawn, look, radio, tab, view } from './viewer.ts';
import { cup, wholeJob } from './wholeJob.ts';

for (const place of places) {
  test(`${place}, one WebGL context shows all objects, nothing is drawn while nothing moves, and nothing of it stays`, async ({
    page,
    standIn,
    faults,
  }) => {
    const count = (): void => {
      const counts = { contexts: 0, draws: 0 };
      Object.assign(globalThis, { counts });
      for (const canvas of [globalThis.HTMLCanvasElement, OffscreenCanvas]) {
        if (!canvas) continue;
        const { getContext } = canvas.prototype;
        const counted = new WeakSet();
        Object.assign(canvas.prototype, {
          getContext(this: object, ...args: ['2d']) {
            if (String(args[0]).startsWith('webgl') && !counted.has(this)) counts.contexts += 1;
            counted.add(this);
            return Reflect.apply(getContext, this, args);
          },
        });
      }
      const { drawElements } = WebGL2RenderingContext.prototype;
      WebGL2RenderingContext.prototype.drawElements = function (...args) {
        counts.draws += 1;
        drawElements.apply(this, args);
      };
    };
    interface Counted {
      readonly counts: { readonly contexts: number; readonly draws: number };
    }
    const counts = () => whereItDraws(page, place, () => ({ ...(globalThis as unknown as Counted).counts }));
    /** Counts draws during 30 frames of the screen. */
    const drawsAtRest = () =>
      whereItDraws(page, place, async () => {
        const { counts } = globalThis as unknown as Counted;
        const before = counts.draws;
        for (let i = 0; i < 30; i += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
        return counts.draws - before;
      });
    await drawing(page, standIn, place, count);
    if (place === 'in the worker') await page.addInitScript(count);
    const job = standIn.addJob(wholeJob);
    await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
    for (const name of ['cup', 'saucer', 'Whole scene']) {
      await tab(page, name).click();
      await expectMeshDrawn(page, name);
    }
    expect((await counts()).contexts).toBe(1);
    expect((await counts()).draws).toBeGreaterThan(0);
    const onPage = await page.evaluate(() => ({ ...(globalThis as unknown as Counted).counts }));
    expect(onPage.contexts).toBe(place === 'on the page' ? 1 : 0);
    expect(drawingWorkers(page)).toHaveLength(place === 'on the page' ? 0 : 1);
    await expect(page.locator('canvas.viewer-canvas')).toHaveCount(1);
    await expect.poll(drawsAtRest).toBe(0);
    const turntable = button(page, 'Turntable');
    await expect(turntable).toHaveAttribute('aria-pressed', 'false');
    await turntable.click();
    await expect.poll(drawsAtRest).toBeGreaterThan(0);
    await turntable.click();
    await expect.poll(drawsAtRest).toBe(0);

    // A page that is left takes its context, its canvas and its worker with it.
    await page.evaluate(() => {
      const canvas = document.querySelector('canvas.viewer-canvas');
      if (!canvas) throw new Error('no canvas');
      Object.assign(window, { left: new WeakRef(canvas) });
    });
    await page.getByRole('link', { name: 'All jobs' }).click();
    await expect(page.locator('.job-card')).toHaveCount(1);
    const client = await page.context().newCDPSession(page);
    await expect
      .poll(
        async () => {
          await client.send('HeapProfiler.collectGarbage');
          return page.evaluate(
            () => (window as unknown as { left: WeakRef<Element> }).left.deref() === undefined,
          );
        },
        { message: 'the canvas is gone' },
      )
      .toBe(true);
    await expect.poll(() => drawingWorkers(page).length).toBe(0);
    expect(faults).toEqual([]);
  });

  test(`${place}, after the browser has taken the graphics away, "Try again" shows the mesh again`, async ({
    page,
    standIn,
  }) => {
    await drawing(page, standIn, place, () => {
      const canvas = globalThis.HTMLCanvasElement ?? OffscreenCanvas;
      const { getContext } = canvas.prototype;
      Object.assign(canvas.prototype, {
        getContext(this: object, ...args: ['2d']) {
          const context = Reflect.apply(getContext, this, args);
          if (String(args[0]).startsWith('webgl')) Object.assign(globalThis, { context });
          return context;
        },
      });
    });
    const job = standIn.addJob({ objects: [cup] });
    await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
    await expectMeshDrawn(page, 'cup');
    await whereItDraws(page, place, () => {
      const { context } = globalThis as unknown as { context: WebGL2RenderingContext };
      context.getExtension('WEBGL_lose_context')?.loseContext();
    });
    const message = page.getByText('Your browser has stopped the 3D view.');
    await expect(message).toBeVisible();
    await expect(page.getByRole('img', { name: 'Preview of cup' })).toBeVisible();
    await button(page, 'Try again').click();
    await expectMeshDrawn(page, 'cup');
    await expect(message).toBeHidden();
  });
}

for (const [why, arrange] of [
  ['have no WebGL', (standIn: StandIn) => addWorkerScript(standIn, withoutWebGL)],
  ['do not start', (standIn: StandIn) => standIn.failNext(/GET \/assets\/ViewerWorker/, 503)],
] as const)
  test(`where workers ${why}, the page draws`, async ({ page, standIn, faults }) => {
    arrange(standIn);
    const job = standIn.addJob({ objects: [cup] });
    await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
    await expectMeshDrawn(page, 'cup');
    await expect.poll(() => drawingWorkers(page).length).toBe(0);
    const seen = await look(page);
    await view(page, 'cup').press('ArrowLeft');
    await expectChange(page, seen, 'turned by a key');
    expect(faults).toEqual([]);
  });

test('after the code of the viewer could not be loaded, "Try again" loads it', async ({ page, standIn }) => {
  for (const chunk of [/GET \/assets\/ViewerWorker/, /GET \/assets\/serve/]) standIn.failNext(chunk, 503);
  const job = standIn.addJob({ objects: [cup] });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  const message = page.getByText('The mesh could not be shown.');
  await expect(message).toBeVisible();
  await button(page, 'Try again').click();
  await expectMeshDrawn(page, 'cup');
  await expect(message).toBeHidden();
});

test('the code of the viewer is one chunk, smaller than model-viewer was, which only a job’s page loads', async ({
  page,
  standIn,
}) => {
  const job = standIn.addJob({ objects: [cup] });
  const scripts = () =>
    [...new Set(standIn.requests)]
      .map((line) => line.replace('GET ', ''))
      .filter((path) => path.endsWith('.js'));
  await page.goto(standIn.url);
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
  expect(scripts()).toHaveLength(1);
  await signIn(page, standIn.url);
  await expect(page.locator('.job-card')).toHaveCount(1);
  const before = scripts();
  expect(before.filter((path) => /Viewer|JobView|Splat/.test(path))).toEqual([]);
  await page.locator(`a[href="/jobs/${job.jobId}"]`).click();
  await expectMeshDrawn(page, 'cup');
  const [viewer, ...more] = scripts().filter((path) => !before.includes(path) && path.includes('Viewer'));
  expect(more).toEqual([]);
  // The picture of the mesh comes first.
  const at = (what: RegExp) => standIn.requests.findIndex((line) => what.test(line));
  expect(at(/\/preview\?/)).toBeLessThan(at(/Viewer/));
  const code = await (await page.request.get(`${standIn.url}${viewer}`)).body();
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(200_000);
  expect(scripts().filter((path) => path.includes('Splat'))).toEqual([]);
  await radio(page, 'Splat').check();
  await expect.poll(() => scripts().filter((path) => path.includes('Splat'))).toHaveLength(1);
});

test('a page that draws does not wait for shaders: it uses them when the GPU is done with them', async ({
  page,
  standIn,
}) => {
  await drawing(page, standIn, 'on the page', () => {
    const seen = { asked: 0, early: [] as string[] };
    Object.assign(window, { seen });
    const linked = new Set<WebGLProgram>();
    const done = new WeakSet<WebGLProgram>();
    const before = new WeakMap<WebGLSync, WebGLProgram[]>();
    const { linkProgram, fenceSync, getSyncParameter, getProgramParameter } =
      WebGL2RenderingContext.prototype;
    WebGL2RenderingContext.prototype.linkProgram = function (program) {
      linked.add(program);
      linkProgram.call(this, program);
    };
    WebGL2RenderingContext.prototype.fenceSync = function (condition, flags) {
      const sync = fenceSync.call(this, condition, flags);
      if (sync) before.set(sync, [...linked]);
      return sync;
    };
    WebGL2RenderingContext.prototype.getSyncParameter = function (sync, name) {
      const value = getSyncParameter.call(this, sync, name);
      if (value === this.SIGNALED) for (const program of before.get(sync) ?? []) done.add(program);
      return value;
    };
    WebGL2RenderingContext.prototype.getProgramParameter = function (program, name) {
      if (name === this.ACTIVE_UNIFORMS) {
        seen.asked += 1;
        if (!done.has(program)) seen.early.push(new Error('asked').stack ?? '');
      }
      return getProgramParameter.call(this, program, name);
    };
  });
  const seen = () =>
    page.evaluate(() => (window as unknown as { seen: { asked: number; early: string[] } }).seen);
  const job = standIn.addJob(wholeJob);
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  for (const name of ['cup', 'saucer', 'Whole scene']) {
    await tab(page, name).click();
    await expectMeshDrawn(page, name);
  }
  expect((await seen()).asked).toBeGreaterThan(3);
  await button(page, 'Light').click();
  const studio = await look(page);
  await radio(page, 'Daylight').check();
  await expectChange(page, studio, 'another light');
  expect((await seen()).early).toEqual([]);
});
