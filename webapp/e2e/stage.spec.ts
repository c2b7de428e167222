import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { expectAccessible } from './axe.ts';
import { addWorkerScript, drawing, drawingWorkers, places, whereItDraws, withoutWebGL } from './drawing.ts';
import { expect, openSignedIn, signIn, test } from './fixtures.ts';
import type { StandIn } from './standin/service.ts';
import { expectChange, expectMeshDrawn, expectSame, look, stage, tab, view } from './viewer.ts';

const box = [170, 15, 420, 290];
const cup = { label: 'cup', box };
const objects = [
  cup,
  { label: 'saucer', box: [90, 90, 485, 395], checkMask: true },
  { label: 'spoon', box: [20, 60, 90, 320], fails: 'No object stands out in box 3.' },
];
const scene = { state: 'succeeded', formats: ['glb', 'splat'] } as const;
const wholeJob = { objects, scene: { ...scene, formats: [...scene.formats], unplaced: [2] } };

const radio = (page: Page, name: string) => page.getByRole('radio', { name, exact: true });
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

for (const viewport of sizes) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`at ${viewport.width} × ${viewport.height}, ${colorScheme}`, () => {
      // Axe injects its script; other tests cover the policy.
      test.use({ viewport, colorScheme, hasTouch: viewport.width < 600, bypassCSP: true });

      test('every view and control of the stage works and passes the checks of WCAG 2.2 AA', async ({
        page,
        standIn,
      }) => {
        test.setTimeout(600_000);
        const job = standIn.addJob(wholeJob);
        await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
        await expectMeshDrawn(page, 'cup');
        await expectAccessible(page);
        const overflow = () =>
          page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(await overflow()).toBe(0);

        let seen = await look(page);
        for (const name of ['Clay', 'Wireframe', 'Splat', 'Textured']) {
          await radio(page, name).check();
          seen = await expectChange(page, seen, `the view ${name}`);
        }
        await button(page, 'Zoom in').click();
        seen = await expectChange(page, seen, 'zoomed in');
        await button(page, 'Light').click();
        await expectAccessible(page);
        for (const name of ['Daylight', 'Evening']) {
          await radio(page, name).check();
          seen = await expectChange(page, seen, `the environment ${name}`);
        }
        await page.getByRole('slider', { name: 'Exposure' }).fill('1');
        await expect(page.getByText('+1 EV')).toBeVisible();
        await expectChange(page, seen, 'the exposure');
        await page.keyboard.press('Escape');
        await expect(radio(page, 'Daylight')).toBeHidden();
        await button(page, 'Reset the view').click();
        const picture = page.waitForEvent('download');
        await button(page, 'Save a picture').click();
        expect((await picture).suggestedFilename()).toBe('cup.png');
        await button(page, 'Full screen').click();
        await expect(page.locator('.stage')).toHaveClass(/is-full/);
        await expectAccessible(page);
        await button(page, 'Leave full screen').click();
        await expect(page.locator('.stage')).not.toHaveClass(/is-full/);

        await button(page, 'Details').click();
        const details = page.getByRole('group', { name: 'Details of cup' });
        await expect(details).toContainText('23,036');
        await expect(details).toContainText('fetch 12 ms · mask 86 ms');
        await expectAccessible(page);
        await page.getByRole('button', { name: 'Download cup' }).click();
        await expect(details).toBeHidden();
        await expect(page.getByRole('link', { name: /^GLB/ })).toBeVisible();
        await expectAccessible(page);
        await page.keyboard.press('Escape');

        await tab(page, 'Whole scene').click();
        await expectMeshDrawn(page, 'Whole scene');
        await expect(stage(page, 'Whole scene')).toContainText('saucer is not in the scene');
        await expectAccessible(page);
        await tab(page, 'saucer').click();
        await expect(stage(page, 'saucer')).toContainText('Check the mask');
        await expect(page.getByRole('link', { name: 'Try this object again' })).toHaveAttribute(
          'href',
          new RegExp(`^/jobs/${job.jobId}/again`),
        );
        await expectMeshDrawn(page, 'saucer');
        await expectAccessible(page);
        await tab(page, 'spoon').click();
        await expect(stage(page, 'spoon')).toContainText('No object stands out in box 3.');
        await expectAccessible(page);

        await tab(page, 'Photo').click();
        const photo = stage(page, 'Photo');
        await expect(photo.getByRole('img', { name: 'The photo coffee.jpg' })).toBeVisible();
        await expect(photo.locator('.box-frame')).toHaveCount(3);
        await expect(photo.locator('.mask-overlay')).toHaveCount(2);
        await expectAccessible(page);
        await button(page, 'Masks').click();
        await expect(photo.locator('.mask-overlay').first()).toBeHidden();
        await button(page, 'Boxes').click();
        await expect(photo.locator('.box-frame').first()).toBeHidden();
        expect(await overflow()).toBe(0);
      });
    });
  }
}

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
        { message: 'the canvas is gone', timeout: 30_000 },
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
    expect(drawingWorkers(page)).toHaveLength(0);
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

test('everything is reached by the keyboard', async ({ page, standIn, faults }) => {
  const job = standIn.addJob(wholeJob);
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expectMeshDrawn(page, 'cup');
  await expect(page.getByRole('tablist')).toHaveAttribute('aria-orientation', 'vertical');
  await tab(page, 'cup').focus();
  const walk: [string, string][] = [
    ['ArrowDown', 'saucer'],
    ['End', 'spoon'],
    ['ArrowDown', 'Photo'],
    ['ArrowUp', 'spoon'],
    ['Home', 'Photo'],
    ['ArrowRight', 'Whole scene'],
    ['ArrowRight', 'cup'],
  ];
  for (const [key, name] of walk) {
    await page.keyboard.press(key);
    await expect(tab(page, name)).toBeFocused();
    await expect(tab(page, name)).toHaveAttribute('aria-selected', 'true');
  }
  await expectMeshDrawn(page, 'cup');
  await page.keyboard.press('Tab');
  await expect(view(page, 'cup')).toBeFocused();
  const home = await look(page);
  let seen = home;
  for (const key of ['ArrowLeft', 'ArrowUp', '+', 'Shift+ArrowDown', '-']) {
    await page.keyboard.press(key);
    seen = await expectChange(page, seen, key);
  }
  await page.keyboard.press('0');
  await expectSame(page, home, 'the first view');

  const reached: string[] = [];
  for (let i = 0; i < 10; i += 1) {
    await page.keyboard.press('Tab');
    reached.push(
      await page.evaluate(() => {
        const focused = document.activeElement as HTMLInputElement | null;
        return focused?.ariaLabel ?? focused?.closest('label')?.textContent ?? focused?.textContent ?? '';
      }),
    );
  }
  expect(reached).toEqual([
    'Download cup',
    'Details',
    'Full screen',
    'Textured',
    'Zoom out',
    'Zoom in',
    'Reset the view',
    'Turntable',
    'Light',
    'Save a picture',
  ]);
  expect(faults).toEqual([]);
});

test('the mouse turns and moves the mesh, and the wheel zooms; no page scrolls and no menu opens', async ({
  page,
  standIn,
  faults,
}) => {
  await page.addInitScript(() => {
    const menus = { open: 0 };
    Object.assign(window, { menus });
    window.addEventListener('contextmenu', (event) => {
      if (!event.defaultPrevented) menus.open += 1;
    });
  });
  const job = standIn.addJob({ objects: [cup, { label: 'saucer', box }] });
  await page.setViewportSize({ width: 390, height: 844 });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expectMeshDrawn(page, 'cup');
  const bounds = await view(page, 'cup').boundingBox();
  if (!bounds) throw new Error('no view');
  const [x, y] = [bounds.x + bounds.width / 2, bounds.y + bounds.height / 2];
  const home = await look(page);
  let seen = home;
  for (const button of ['left', 'right'] as const) {
    await page.mouse.move(x, y);
    await page.mouse.down({ button });
    await page.mouse.move(x + 60, y + 10, { steps: 4 });
    await page.mouse.up({ button });
    seen = await expectChange(page, seen, `dragged with the ${button} button`);
  }
  await page.mouse.wheel(0, 200);
  await expectChange(page, seen, 'zoomed by the wheel');
  await button(page, 'Reset the view').click();
  await expectSame(page, home, 'the first view');
  expect(await page.evaluate(() => scrollY)).toBe(0);
  expect(await page.evaluate(() => (window as unknown as { menus: { open: number } }).menus.open)).toBe(0);
  expect(faults).toEqual([]);
});

test.describe('by touch', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  test('a finger turns the mesh sideways and scrolls the page upward; two fingers zoom', async ({
    page,
    standIn,
  }) => {
    const job = standIn.addJob({ objects: [cup, { label: 'saucer', box }] });
    await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
    await expectMeshDrawn(page, 'cup');
    expect(await page.evaluate(() => scrollY)).toBe(0);
    const bounds = await view(page, 'cup').boundingBox();
    if (!bounds) throw new Error('no view');
    const [x, y] = [bounds.x + bounds.width / 2, bounds.y + bounds.height / 2];
    const client = await page.context().newCDPSession(page);
    type Point = readonly [number, number];
    /** Moves fingers from some points by the same steps, each its own way. */
    const move = async (fingers: readonly { from: Point; by: Point }[]): Promise<void> => {
      const points = (step: number) =>
        fingers.map(({ from, by }, id) => ({ x: from[0] + by[0] * step, y: from[1] + by[1] * step, id }));
      await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: points(0) });
      for (let step = 1; step <= 6; step += 1)
        await client.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: points(step) });
      await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    };
    let seen = await look(page);
    await move([{ from: [x - 60, y], by: [20, 0] }]);
    seen = await expectChange(page, seen, 'turned by a finger');
    expect(await page.evaluate(() => scrollY)).toBe(0);
    await move([
      { from: [x - 20, y], by: [-12, 0] },
      { from: [x + 20, y], by: [12, 0] },
    ]);
    await expectChange(page, seen, 'zoomed by two fingers');
    expect(await page.evaluate(() => visualViewport?.scale)).toBe(1);
    await move([{ from: [x, y + 60], by: [0, -20] }]);
    await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(40);
    await tab(page, 'saucer').tap();
    await expectMeshDrawn(page, 'saucer');
  });
});

test('a picture of the view is saved as PNG, with its background or without', async ({
  page,
  standIn,
  faults,
}) => {
  const job = standIn.addJob({ objects: [cup] });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expectMeshDrawn(page, 'cup');
  /** The name of the picture and the opacity of its first pixel. */
  const save = async (): Promise<{ name: string; opacity: number }> => {
    const started = page.waitForEvent('download');
    await button(page, 'Save a picture').click();
    const download = await started;
    const file = await readFile(await download.path());
    const opacity = await page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const context = new OffscreenCanvas(1, 1).getContext('2d');
      context?.drawImage(picture, 0, 0);
      return context?.getImageData(0, 0, 1, 1).data[3] ?? -1;
    }, file.toString('base64'));
    return { name: download.suggestedFilename(), opacity };
  };
  expect(await save()).toEqual({ name: 'cup.png', opacity: 255 });
  await button(page, 'Light').click();
  await radio(page, 'None').check();
  await page.keyboard.press('Escape');
  expect(await save()).toEqual({ name: 'cup.png', opacity: 0 });
  expect(faults).toEqual([]);
});

test('the stage fills the screen and comes back', async ({ page, standIn }) => {
  const job = standIn.addJob({ objects: [cup] });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expectMeshDrawn(page, 'cup');
  const height = () => page.locator('.stage').evaluate((element) => element.clientHeight / innerHeight);
  expect(await height()).toBeLessThan(1);
  await button(page, 'Full screen').click();
  await expect(button(page, 'Leave full screen')).toBeVisible();
  await expect.poll(height).toBe(1);
  await expectMeshDrawn(page, 'cup');
  await button(page, 'Leave full screen').click();
  await expect(button(page, 'Full screen')).toBeVisible();
  await expect.poll(height).toBeLessThan(1);
});

test('a browser without full screen lets the stage fill the window; Escape ends it', async ({
  page,
  standIn,
}) => {
  await page.addInitScript(() =>
    Object.defineProperty(Document.prototype, 'fullscreenEnabled', { get: () => false }),
  );
  const job = standIn.addJob({ objects: [cup] });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expectMeshDrawn(page, 'cup');
  await button(page, 'Full screen').click();
  await expect(page.locator('.stage')).toHaveCSS('position', 'fixed');
  await page.keyboard.press('Escape');
  await expect(page.locator('.stage')).toHaveCSS('position', 'relative');
});

test('a splat is shown from whichever file there is, and one that is damaged is reported', async ({
  page,
  standIn,
  faults,
}) => {
  const job = standIn.addJob({
    objects: [
      { label: 'compressed', box, formats: ['spz'] },
      { label: 'plain', box, formats: ['splat'] },
      { label: 'both', box },
      { label: 'neither', box, formats: ['ply'] },
    ],
  });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  for (const name of ['compressed', 'plain']) {
    await tab(page, name).click();
    await expectMeshDrawn(page, name);
  }
  const fetched = (name: string) => standIn.requests.filter((line) => line.includes(name)).length;
  expect([fetched('1/splat.spz'), fetched('2/splat.ply'), fetched('mesh.glb')]).toEqual([1, 1, 0]);
  await tab(page, 'neither').click();
  await expect(page.getByText('No GLB or splat was made')).toBeVisible();

  await tab(page, 'both').click();
  await expectMeshDrawn(page, 'both');
  for (let i = 0; i < 2; i += 1) standIn.failNext(/GET .*3\/splat\.spz/, 200, 'not a splat');
  await radio(page, 'Splat').check();
  await expect(page.getByText('The splat could not be shown.')).toBeVisible();
  // The mesh stays in sight, and the other views at hand.
  await radio(page, 'Clay').check();
  await expect(page.getByText('The splat could not be shown.')).toBeHidden();
  await radio(page, 'Splat').check();
  await expectMeshDrawn(page, 'both');
  expect(faults).toEqual([]);
});

test('a splat that is loaded again replaces one whose load was canceled when it was done', async ({
  page,
  standIn,
}) => {
  interface Seen {
    /** The textures of splats, and how many there have been. */
    readonly splats: Set<WebGLTexture>;
    made: number;
    /** Messages to the page, which do not reach it. */
    held: unknown[] | null;
  }
  addWorkerScript(standIn, () => {
    const seen: Seen = { splats: new Set(), made: 0, held: null };
    Object.assign(globalThis, { seen });
    const { postMessage } = globalThis;
    globalThis.postMessage = (...args: [unknown]) => {
      if (seen.held) seen.held.push(args);
      else Reflect.apply(postMessage, globalThis, args);
    };
    const { texStorage2D, deleteTexture } = WebGL2RenderingContext.prototype;
    WebGL2RenderingContext.prototype.texStorage2D = function (...args) {
      if (args[2] === this.RGBA32UI) {
        seen.splats.add(this.getParameter(this.TEXTURE_BINDING_2D));
        seen.made += 1;
      }
      texStorage2D.apply(this, args);
    };
    WebGL2RenderingContext.prototype.deleteTexture = function (texture) {
      if (texture) seen.splats.delete(texture);
      deleteTexture.call(this, texture);
    };
  });
  const inWorker = <Result>(read: () => Result) => whereItDraws(page, 'in the worker', read);
  const job = standIn.addJob({ objects: [cup] });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expectMeshDrawn(page, 'cup');
  await inWorker(() => {
    (globalThis as unknown as { seen: Seen }).seen.held = [];
  });
  await radio(page, 'Splat').check();
  await expect
    .poll(() => inWorker(() => (globalThis as unknown as { seen: Seen }).seen.held?.length))
    .toBe(1);
  const splat = await look(page);
  await radio(page, 'Clay').check();
  const clay = await expectChange(page, splat, 'clay');
  await inWorker(() => {
    (globalThis as unknown as { seen: Seen }).seen.held = null;
  });
  await radio(page, 'Splat').check();
  await expectChange(page, clay, 'the splat');
  const splats = () =>
    inWorker(() => {
      const { seen } = globalThis as unknown as { seen: Seen };
      return { made: seen.made, kept: seen.splats.size };
    });
  await expect.poll(splats).toEqual({ made: 2, kept: 1 });
});

test('a press on an object in the photo opens its mesh', async ({ page, standIn }) => {
  const job = standIn.addJob(wholeJob);
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await tab(page, 'Photo').click();
  const picture = page.getByRole('img', { name: 'The photo coffee.jpg' });
  await expect(picture).toBeVisible();
  const bounds = await picture.boundingBox();
  if (!bounds) throw new Error('no photo');
  // Both boxes hold the point; the cup's is the smaller.
  await page.mouse.click(bounds.x + bounds.width * (295 / 600), bounds.y + bounds.height * (200 / 400));
  await expect(tab(page, 'cup')).toHaveAttribute('aria-selected', 'true');
  await expectMeshDrawn(page, 'cup');
});

test('an object in work is shown in the photo, with its stage and the time since its start', async ({
  page,
  standIn,
}) => {
  standIn.pace = 3_600_000;
  const job = standIn.addJob({
    createdAt: Date.now() - 4_000_000,
    uploadedAt: Date.now() - 4_000_000,
    objects: objects.slice(0, 2),
  });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  const working = stage(page, 'cup');
  await expect(working).toContainText('Reading the photo…');
  await expect(working).toContainText(/\d+ min \d+ s so far/);
  await expect(working.getByRole('progressbar', { name: 'Progress of cup' })).toBeVisible();
  await expect(working.locator('.box-frame.is-selected')).toHaveCount(1);
  await tab(page, 'saucer').click();
  await expect(stage(page, 'saucer').locator('.stage-status')).toHaveText('Waiting in the queue');
});
