import { readFile } from 'node:fs/promises';
import type { Download, Page, Worker } from '@playwright/test';
import { decodePng } from '../src/masks/png.testing.ts';
import { readZip } from '../src/takeaway/zip.testing.ts';
import { expectAccessible } from './axe.ts';
import { openDownloads, withoutFilePicker } from './downloads.ts';
import { expect, openSignedIn, test } from './fixtures.ts';
import { ringGlb, texture } from './standin/glb.ts';
import { expectMeshDrawn, stage, tab } from './viewer.ts';

const objects = [
  { label: 'cup', box: [120, 60, 420, 320] },
  { box: [20, 60, 90, 320] },
  { label: 'gone', box: [1, 1, 20, 20], fails: 'No object found.' },
];

const contentOf = async (download: Download): Promise<Buffer> => readFile(await download.path());

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

const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

for (const viewport of sizes) {
  test.describe(`at ${viewport.width} × ${viewport.height}`, () => {
    test.use({ viewport, hasTouch: viewport.width < 600 });

    test('a textured mesh is converted to OBJ, STL and USDZ', async ({ page, standIn, faults }) => {
      const job = standIn.addJob({ objects, colors: 'texture' });
      await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
      await openDownloads(stage(page, 'cup'));

      const obj = await converted(page, /^OBJ/);
      expect(obj.name).toBe('mesh-obj.zip');
      const files = new Map(readZip(obj.content).map(({ name, content }) => [name, content]));
      expect([...files.keys()]).toEqual(['mesh.obj', 'mesh.mtl', 'mesh.png']);
      expect(files.get('mesh.png')).toEqual(texture());

      await page.getByLabel('Longest side').fill('7,5');
      await page.getByLabel('Unit').selectOption('centimeters');
      const stl = await converted(page, /^STL/);
      expect(stl.name).toBe('mesh.stl');
      expect(stl.content.readUInt32LE(80)).toBe(48 * 24 * 2);
      // The height of the ring's highest corner; it stands on the ground.
      const heights = Array.from({ length: 48 * 24 * 6 }, (_, n) =>
        stl.content.readFloatLE(84 + 50 * Math.floor(n / 3) + 12 * ((n % 3) + 1) + 8),
      );
      expect(Math.max(...heights)).toBeCloseTo(7.5, 4);
      expect(Math.min(...heights)).toBeCloseTo(0, 4);

      const usdz = await converted(page, /^USDZ/);
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

    test('the whole job is downloaded as one zip file, by keyboard', async ({ page, standIn, faults }) => {
      await withoutFilePicker(page);
      const job = standIn.addJob({
        name: 'my desk.jpg',
        objects,
        scene: { state: 'succeeded', formats: ['glb', 'splat'] },
      });
      await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
      // The browser's cache has the photo's response without CORS then.
      await tab(page, 'Photo').click();
      await expect(page.getByRole('img', { name: 'The photo my desk.jpg' })).toHaveJSProperty(
        'complete',
        true,
      );
      const button = page.getByRole('button', { name: 'Download everything' });
      await button.focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: 'Download everything from my desk.jpg' });
      await expect(dialog.getByRole('button', { name: 'Download zip' })).toBeFocused();
      await expect(dialog).toContainText('15 files');
      await dialog.getByLabel(/^PLY/).focus();
      await page.keyboard.press('Space');
      await expect(dialog).toContainText('13 files');
      const download = page.waitForEvent('download');
      await dialog.getByRole('button', { name: 'Download zip' }).press('Enter');
      const zip = await download;
      await expect(dialog.getByRole('status')).toHaveText('my desk.zip is saved with 13 files.');
      expect(zip.suggestedFilename()).toBe('my desk.zip');

      const files = new Map(readZip(await contentOf(zip)).map(({ name, content }) => [name, content]));
      expect([...files.keys()]).toEqual([
        'photo/my desk.jpg',
        'scene/scene.glb',
        'scene/scene.ply',
        ...['1 cup', '2'].flatMap((folder) =>
          ['mesh.glb', 'splat.ply', 'splat.spz', 'mask.png', 'preview.png'].map(
            (name) => `objects/${folder}/${name}`,
          ),
        ),
        'manifest.json',
      ]);
      expect(files.get('objects/1 cup/mesh.glb')).toEqual(ringGlb());
      const manifest = JSON.parse(files.get('manifest.json')?.toString() ?? '');
      expect(manifest).toMatchObject({
        job: { id: job.jobId, state: 'partial' },
        chosen: ['pictures', 'glb', 'splat', 'spz'],
        missing: [],
      });
      expect(manifest.objects[2]).toMatchObject({ state: 'failed', error: { message: 'No object found.' } });
      expect(files.get('manifest.json')?.toString()).not.toMatch(/http|X-Amz|testuser/);

      await page.keyboard.press('Escape');
      await expect(dialog).toBeHidden();
      await expect(button).toBeFocused();
      expect(faults).toEqual([]);
    });
  });

  test.describe(`at ${viewport.width} × ${viewport.height}, without the policy, which keeps axe out`, () => {
    test.use({ viewport, hasTouch: viewport.width < 600, bypassCSP: true });

    for (const colorScheme of ['light', 'dark'] as const)
      test(`the dialogs pass the automatic checks of WCAG 2.2 AA, ${colorScheme}`, async ({
        page,
        standIn,
      }) => {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await quickLook(page);
        const check = (): Promise<void> => expectAccessible(page, 'dialog[open]');
        const job = standIn.addJob({ objects, colors: 'texture' });
        await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
        const dialog = await openDownloads(stage(page, 'cup'));
        await check();
        await dialog.getByLabel('Longest side').fill('big');
        await expect(dialog.getByRole('alert')).toBeVisible();
        await check();
        await dialog.getByLabel('Longest side').fill('10');
        await dialog.getByRole('button', { name: 'View in AR' }).click();
        await expect(dialog.getByRole('link', { name: 'Open in AR' })).toBeFocused();
        await check();
        expect(
          await dialog.evaluate((element) => element.scrollWidth <= element.clientWidth),
          'no scrolling sideways',
        ).toBe(true);
        await dialog.getByRole('button', { name: 'Close' }).click();
        await page.getByRole('button', { name: 'Download everything' }).click();
        await expect(page.getByRole('button', { name: 'Download zip' })).toBeVisible();
        await check();
      });
  });
}

/** A zip file as the USDZ specification (1.3) wants it: nothing compressed, the layer first, all at 64 bytes. */
function expectUsdz(content: Buffer, meters: number): void {
  const files = readZip(content);
  expect(files.map(({ name }) => name.replace(/\d+/g, 'N'))).toEqual([
    'model.usda',
    'geometries/Geometry_N.usda',
    'textures/Texture_N_false.png',
  ]);
  for (const { name, start } of files) expect(start % 64, name).toBe(0);
  const [layer, geometry, picture] = files.map((file) => file.content);
  if (!layer || !geometry || !picture) throw new Error('too few files');
  const root = layer.toString();
  expect(root).toMatch(/^#usda 1\.0\n/);
  expect(root).toContain('metersPerUnit = 1');
  expect(root).toContain('upAxis = "Y"');
  expect(root).toMatch(/asset inputs:file = @textures\/Texture_\d+_false\.png@/);
  // The ring's longest sides are 1 long.
  const scale = Number(/xformOp:transform = \( \(([\d.e-]+),/.exec(root)?.[1]);
  expect(scale).toBeCloseTo(meters, 6);
  // The first vertex is at the top of the picture, where USD's coordinate is 1.
  const places = /texCoord2f\[\] primvars:st = \[\(([\d.]+), ([\d.]+)\)/.exec(geometry.toString());
  expect(places?.slice(1).map(Number)).toEqual([0, 1]);
  const { width, height, data } = decodePng(picture);
  expect([width, height]).toEqual([64, 64]);
  const pixel = (x: number, y: number): number[] => [...data.slice((y * 64 + x) * 4, (y * 64 + x) * 4 + 3)];
  expect([pixel(5, 5), pixel(5, 60), pixel(60, 60)]).toEqual([
    [128, 0, 0],
    [255, 0, 0],
    [0, 0, 255],
  ]);
}

/** Makes the browser one that has AR Quick Look, as far as a page can see it. */
const quickLook = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    const supports = DOMTokenList.prototype.supports;
    DOMTokenList.prototype.supports = function (token: string) {
      return token === 'ar' || supports.call(this, token);
    };
  });

test('the dense mesh is converted with the colors of its vertices', async ({ page, standIn }) => {
  const job = standIn.addJob({ objects, colors: 'texture' });
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

test('each conversion runs in a worker that ends with it', async ({ page, standIn, faults }) => {
  const job = standIn.addJob({ objects, colors: 'texture' });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await openDownloads(stage(page, 'cup'));
  for (const name of [/^OBJ/, /^STL/, /^USDZ/]) {
    const started = page.waitForEvent('worker', isConversion);
    await converted(page, name);
    await started;
    await expect.poll(() => conversions(page).length).toBe(0);
  }
  expect(faults).toEqual([]);
});

test('the page draws and cancels while a conversion takes forever', async ({ page, standIn, faults }) => {
  const job = standIn.addJob({ objects, colors: 'texture' });
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
  const job = standIn.addJob({ objects, colors: 'texture' });
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
    const job = standIn.addJob({ objects, colors: 'texture' });
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
  const job = standIn.addJob({ objects, colors: 'texture' });
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
  expect(conversions(page)).toHaveLength(0);
  const obj = await converted(page, /^OBJ/);
  expect(obj.name).toBe('mesh-obj.zip');
});

test('a size that is none is refused, and a mesh that cannot be read', async ({ page, standIn }) => {
  const job = standIn.addJob({ objects });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  // The viewer has its mesh, and will not take the answer that is for the conversion.
  await expectMeshDrawn(page, 'cup');
  const dialog = await openDownloads(stage(page, 'cup'));
  await dialog.getByLabel('Longest side').fill('-1');
  await dialog.getByRole('button', { name: /^STL/ }).click();
  await expect(dialog.getByRole('alert')).toHaveText('Enter a length above 0, such as 100 or 2.5.');
  await expect(dialog.getByLabel('Longest side')).toBeFocused();
  await dialog.getByLabel('Longest side').fill('120');
  standIn.failNext(/GET .*mesh\.glb/, 200, 'not a glb', 'model/gltf-binary');
  await dialog.getByRole('button', { name: /^STL/ }).click();
  await expect(dialog.getByRole('alert')).toContainText('The STL could not be made.');
});

test('AR is offered only where the device has Quick Look, as a link to a file of this page', async ({
  page,
  standIn,
}) => {
  const job = standIn.addJob({ objects, colors: 'texture' });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  const cup = stage(page, 'cup');
  const offer = (await openDownloads(cup)).getByRole('button', { name: 'View in AR' });
  await expect(offer).toHaveCount(0);
  await quickLook(page);
  await page.reload();
  const dialog = await openDownloads(cup);
  await offer.click();
  const link = dialog.getByRole('link', { name: 'Open in AR' });
  await expect(link).toBeFocused();
  await expect(link).toHaveAttribute('rel', 'ar');
  await expect(link).toHaveAttribute('href', /^blob:/);
  // Quick Look opens only a link whose only child is a picture.
  expect(await link.evaluate((element) => [...element.childNodes].map((node) => node.nodeName))).toEqual([
    'IMG',
  ]);
  const bytes = await link.evaluate(async (element) => {
    const response = await fetch((element as HTMLAnchorElement).href);
    return [...new Uint8Array(await response.arrayBuffer())];
  });
  expectUsdz(Buffer.from(bytes), 0.1);
  // The file is of another size then.
  await dialog.getByLabel('Longest side').fill('50');
  await expect(link).toHaveCount(0);
  await expect(offer).toBeVisible();
});

/** Lets the page save to the browser's private file system, in place of asking for a place. */
const filePicker = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    Object.assign(window, {
      showSaveFilePicker: async ({ suggestedName }: { suggestedName: string }) =>
        (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true }),
    });
  });

const savedFiles = (page: Page): Promise<Record<string, number[]>> =>
  page.evaluate(async () => {
    const files: Record<string, number[]> = {};
    const folder = (await navigator.storage.getDirectory()) as unknown as AsyncIterable<
      [string, FileSystemFileHandle]
    >;
    for await (const [name, handle] of folder)
      files[name] = [...new Uint8Array(await (await handle.getFile()).arrayBuffer())];
    return files;
  });

test('a zip file is written to the place that the user chooses, and says what is missing', async ({
  page,
  standIn,
  faults,
}) => {
  await filePicker(page);
  const job = standIn.addJob({ objects });
  await page.route(/\/2\/mesh\.ply\?/, (route) => route.fulfill({ status: 404 }));
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await page.getByRole('button', { name: 'Download everything' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Download zip' }).click();
  await expect(dialog.getByRole('alert')).toContainText('these files could not be downloaded');
  await expect(dialog.getByRole('listitem')).toHaveText('objects/2/mesh.ply: the storage answered 404');
  const files = await savedFiles(page);
  expect(Object.keys(files)).toEqual(['coffee.zip']);
  const contents = new Map(
    readZip(Buffer.from(files['coffee.zip'] ?? [])).map(({ name, content }) => [name, content.toString()]),
  );
  expect(contents.has('objects/2/mesh.ply')).toBe(false);
  expect(contents.has('objects/2/splat.ply')).toBe(true);
  expect(contents.get('MISSING FILES.txt')).toContain('objects/2/mesh.ply: the storage answered 404');
  expect(JSON.parse(contents.get('manifest.json') ?? '').missing).toEqual([
    { path: 'objects/2/mesh.ply', reason: 'the storage answered 404' },
  ]);
  expect(faults).toEqual([]);
});

test('a canceled zip file leaves nothing behind and can be downloaded again', async ({ page, standIn }) => {
  await filePicker(page);
  const job = standIn.addJob({ objects });
  let isHeld = true;
  await page.route('**/splat.ply?*', (route) => (isHeld ? undefined : route.fallback()));
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await page.getByRole('button', { name: 'Download everything' }).click();
  const dialog = page.getByRole('dialog');
  const start = dialog.getByRole('button', { name: 'Download zip' });
  const held = page.waitForRequest('**/splat.ply?*');
  await start.click();
  await held;
  await expect(dialog.getByRole('progressbar')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog.getByRole('status')).toHaveText('Canceled. No zip file was saved.');
  await expect.poll(async () => Object.keys(await savedFiles(page))).toEqual([]);
  isHeld = false;
  await start.click();
  await expect(dialog.getByRole('status')).toHaveText(/^coffee\.zip is saved with 13 files\.$/);
});

test('without any file there is a message and no zip file', async ({ page, standIn }) => {
  await filePicker(page);
  const job = standIn.addJob({ objects });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await page.getByRole('button', { name: 'Download everything' }).click();
  const dialog = page.getByRole('dialog');
  await page.route(`${standIn.bucketUrl}/**`, (route) => route.fulfill({ status: 503 }));
  await dialog.getByRole('button', { name: 'Download zip' }).click();
  await expect(dialog.getByRole('alert')).toContainText('None of the files could be downloaded');
  expect(await savedFiles(page)).toEqual({});
});

test('a large zip file is said to need memory where the browser cannot write it to disk', async ({
  page,
  standIn,
}) => {
  await withoutFilePicker(page);
  const job = standIn.addJob({ objects });
  await page.route(`**/api/jobs/${job.jobId}`, async (route) => {
    const response = await route.fetch();
    const document = (await response.json()) as { objects: { files: { format: string; bytes: number }[] }[] };
    for (const file of document.objects.flatMap((object) => object.files))
      if (file.format === 'splat') file.bytes = 150 * 1024 * 1024;
    return route.fulfill({ response, json: document });
  });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await page.getByRole('button', { name: 'Download everything' }).click();
  const dialog = page.getByRole('dialog');
  const warning = dialog.getByText(/keeps all 300\.\d MB in memory/);
  await expect(warning).toBeVisible();
  await dialog.getByLabel(/^Splat/).uncheck();
  await expect(warning).toBeHidden();
});
