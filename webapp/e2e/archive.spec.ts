import type { Page } from '@playwright/test';
import { readZip } from '../src/takeaway/zip.testing.ts';
import { contentOf, taken, withoutFilePicker } from './downloads.ts';
import { showPreviews } from './drawing.ts';
import { expect, openSignedIn, test } from './fixtures.ts';
import { ringGlb } from './standin/glb.ts';
import type { StandIn } from './standin/service.ts';
import { tab } from './viewer.ts';

for (const viewport of [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]) {
  test.describe(`at ${viewport.width} × ${viewport.height}`, () => {
    test.use({ viewport, hasTouch: viewport.width < 600 });

    test('the whole job is downloaded as one zip file, by keyboard', async ({ page, standIn, faults }) => {
      await withoutFilePicker(page);
      await showPreviews(page, standIn);
      const job = standIn.addJob({
        name: 'my desk.jpg',
        objects: taken,
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
}

/** Lets the page save to the browser's private file system, in place of asking for a place. */
const filePicker = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    Object.assign(window, {
      showSaveFilePicker: async ({ suggestedName }: { suggestedName: string }) =>
        (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true }),
    });
  });

const savedFiles = (page: Page): Promise<Record<string, Uint8Array>> =>
  page.evaluate(async () => {
    const files: Record<string, Uint8Array> = {};
    const folder = (await navigator.storage.getDirectory()) as unknown as AsyncIterable<
      [string, FileSystemFileHandle]
    >;
    for await (const [name, handle] of folder)
      files[name] = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    return files;
  });

/** Opens a job's page, and the dialog that downloads the whole job. */
async function openArchive(page: Page, standIn: StandIn, { jobId }: { readonly jobId: string }) {
  await openSignedIn(page, standIn, `/jobs/${jobId}`);
  await page.getByRole('button', { name: 'Download everything' }).click();
  return page.getByRole('dialog');
}

test('a zip file is written to the place that the user chooses, and says what is missing', async ({
  page,
  standIn,
  faults,
}) => {
  await filePicker(page);
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: taken });
  await page.route(/\/2\/mesh\.ply\?/, (route) => route.fulfill({ status: 404 }));
  const dialog = await openArchive(page, standIn, job);
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
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: taken });
  let isHeld = true;
  await page.route('**/splat.ply?*', (route) => (isHeld ? undefined : route.fallback()));
  const dialog = await openArchive(page, standIn, job);
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
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: taken });
  const dialog = await openArchive(page, standIn, job);
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
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: taken });
  await page.route(`**/api/jobs/${job.jobId}`, async (route) => {
    const response = await route.fetch();
    const document = (await response.json()) as { objects: { files: { format: string; bytes: number }[] }[] };
    for (const file of document.objects.flatMap((object) => object.files))
      if (file.format === 'splat') file.bytes = 150 * 1024 * 1024;
    return route.fulfill({ response, json: document });
  });
  const dialog = await openArchive(page, standIn, job);
  const warning = dialog.getByText(/keeps all 300\.\d MB in memory/);
  await expect(warning).toBeVisible();
  await dialog.getByLabel(/^Splat/).uncheck();
  await expect(warning).toBeHidden();
});
