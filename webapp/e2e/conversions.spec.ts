import type { Page, Worker } from '@playwright/test';
import { readZip } from '../src/takeaway/zip.testing.ts';
import { contentOf, openDownloads, taken } from './downloads.ts';
import { showPreviews } from './drawing.ts';
import { expect, openSignedIn, test } from './fixtures.ts';
import { ringGlb, texture } from './standin/glb.ts';
import { expectUsdz } from './usdz.ts';
import { stage, tab } from './viewer.ts';

/** Clicks a button that converts, and returns the file. */
async function converted(page: Page, name: RegExp): Promise<{ name: string; content: Buffer }> {
  const download = page.waitForEvent('download');
  await page.getByRole('dialog').getByRole('button', { name }).click();
  const file = await download;
  return { name: file.suggestedFilename(), content: await contentOf(file) };
}

const isConversion = (worker: Worker): boolean => /\/worker-[^/]+\.js$/.test(worker.url());

/** The workers of the page that convert; the viewer has one of its own. */
const conversions = (page: Page): Worker[] => page.workers().filter(isConversion);

for (const viewport of [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]) {
  test.describe(`at ${viewport.width} × ${viewport.height}`, () => {
    test.use({ viewport, hasTouch: viewport.width < 600 });

    test('a textured mesh is converted to OBJ, STL and USDZ, each in a worker that ends with it', async ({
      page,
      standIn,
      faults,
    }) => {
      const job = standIn.addJob({ objects: taken, colors: 'texture' });
      await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
      await openDownloads(stage(page, 'cup'));
      const inWorker = async (name: RegExp) => {
        const started = page.waitForEvent('worker', isConversion);
        const file = await converted(page, name);
        await started;
        await expect.poll(() => conversions(page).length).toBe(0);
        return file;
      };

      const obj = await inWorker(/^OBJ/);
      expect(obj.name).toBe('mesh-obj.zip');
      const files = new Map(readZip(obj.content).map(({ name, content }) => [name, content]));
      expect([...files.keys()]).toEqual(['mesh.obj', 'mesh.mtl', 'mesh.png']);
      expect(files.get('mesh.png')).toEqual(texture());

      await page.getByLabel('Longest side').fill('7,5');
      await page.getByLabel('Unit').selectOption('centimeters');
      const stl = await inWorker(/^STL/);
      expect(stl.name).toBe('mesh.stl');
      expect(stl.content.readUInt32LE(80)).toBe(48 * 24 * 2);
      // The height of the ring's highest corner; it stands on the ground.
      const heights = Array.from({ length: 48 * 24 * 6 }, (_, n) =>
        stl.content.readFloatLE(84 + 50 * Math.floor(n / 3) + 12 * ((n % 3) + 1) + 8),
      );
      expect(Math.max(...heights)).toBeCloseTo(7.5, 4);
      expect(Math.min(...heights)).toBeCloseTo(0, 4);

      const usdz = await inWorker(/^USDZ/);
      expect(usdz.name).toBe('mesh.usdz');
      expectUsdz(usdz.content, 0.075);
      await expect(page.getByRole('dialog').getByRole('status')).toHaveText(
        'mesh.usdz is ready. Your browser saves it.',
      );

      // The size is remembered, and the mesh was fetched once.
      expect(standIn.requests.filter((line) => /mesh\.glb\?(?!.*inline)/.test(line))).toHaveLength(1);
      await page.reload();
      await tab(page, 'Object 2').click();
      await openDownloads(stage(page, 'Object 2'));
      await expect(page.getByLabel('Longest side')).toHaveValue('7.5');
      await expect(page.getByLabel('Unit')).toHaveValue('cm');
      expect(faults).toEqual([]);
    });
  });
}

test('the dense mesh is converted with the colors of its vertices', async ({ page, standIn }) => {
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: taken, colors: 'texture' });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await openDownloads(stage(page, 'cup'));
  await page.getByLabel('Made from').selectOption({ label: 'Dense GLB: mesh in full detail' });
  const { name, content } = await converted(page, /^OBJ/);
  expect(name).toBe('mesh.obj');
  const vertex = content
    .toString()
    .split('\n')
    .find((line) => line.startsWith('v '));
  expect(
    vertex
      ?.split(' ')
      .slice(1)
      .map(Number)
      .map((n) => Math.round(n * 100) / 100),
  ).toEqual([0.5, 0, 0, 1, 0.53, 0.54]);
  await converted(page, /^USDZ/);
  await expect(page.getByRole('dialog').getByRole('status')).toContainText('It has no colors');
});

test('the page draws and cancels while a conversion takes forever', async ({ page, standIn, faults }) => {
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: taken, colors: 'texture' });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  const dialog = await openDownloads(stage(page, 'cup'));
  await page.route('**/assets/worker-*.js', async (route) => {
    const response = await route.fetch();
    return route.fulfill({ response, body: 'self.onmessage = () => { for (;;); };' });
  });
  const started = page.waitForEvent('worker', isConversion);
  await dialog.getByRole('button', { name: /^USDZ/ }).click();
  await started;
  await expect(dialog.getByRole('status')).toHaveText('Converting…');
  await expect(dialog.getByRole('progressbar')).toBeVisible();
  await page.evaluate(async () => {
    for (let frames = 0; frames < 30; frames += 1)
      await new Promise((drawn) => {
        requestAnimationFrame(drawn);
      });
  });
  expect(conversions(page)).toHaveLength(1);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog.getByRole('progressbar')).toBeHidden();
  await expect.poll(() => conversions(page).length).toBe(0);
  await page.unroute('**/assets/worker-*.js');
  expectUsdz((await converted(page, /^USDZ/)).content, 0.1);
  expect(faults).toEqual([]);
});

test('a browser that encodes no picture in a worker converts on the page', async ({ page, standIn }) => {
  await page.addInitScript(() => {
    Reflect.deleteProperty(window, 'OffscreenCanvas');
  });
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: taken, colors: 'texture' });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await openDownloads(stage(page, 'cup'));
  let workers = 0;
  page.on('worker', (worker) => {
    if (isConversion(worker)) workers += 1;
  });
  expectUsdz((await converted(page, /^USDZ/)).content, 0.1);
  expect(workers).toBe(0);
});

for (const [fault, body] of [
  ['cannot be loaded', null],
  ['fails', 'self.onmessage = () => { throw new Error("no memory"); };'],
] as const)
  test(`one message is shown if the worker ${fault}`, async ({ page, standIn }) => {
    await showPreviews(page, standIn);
    const job = standIn.addJob({ objects: taken, colors: 'texture' });
    await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
    const dialog = await openDownloads(stage(page, 'cup'));
    await page.route('**/assets/worker-*.js', async (route) => {
      if (body === null) return route.abort();
      return route.fulfill({ response: await route.fetch(), body });
    });
    await dialog.getByRole('button', { name: /^OBJ/ }).click();
    await expect(dialog.getByRole('alert')).toHaveText(/The OBJ could not be made\./);
    await expect(dialog.getByRole('progressbar')).toBeHidden();
    await expect(dialog.getByRole('button', { name: /^OBJ/ })).toBeEnabled();
  });

test('a texture that cannot be decoded is tried on the page, and then refused', async ({ page, standIn }) => {
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: taken, colors: 'texture' });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  const dialog = await openDownloads(stage(page, 'cup'));
  const broken = ringGlb('texture');
  broken.fill(0, broken.indexOf('PNG\r\n') - 1, broken.indexOf('IEND'));
  await page.route('**/mesh.glb?*', (route) =>
    route.fulfill({ body: broken, headers: { 'Access-Control-Allow-Origin': standIn.url } }),
  );
  const started = page.waitForEvent('worker', isConversion);
  await dialog.getByRole('button', { name: /^USDZ/ }).click();
  await started;
  await expect(dialog.getByRole('alert')).toContainText('The USDZ could not be made.');
  await expect.poll(() => conversions(page).length).toBe(0);
  const obj = await converted(page, /^OBJ/);
  expect(obj.name).toBe('mesh-obj.zip');
});
