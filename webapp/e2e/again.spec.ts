import type { Locator, Page } from '@playwright/test';
import { type CreatedJob, type EarlierRequest, isFinished, type Job } from '../src/api.ts';
import { colorOf } from '../src/masks/colors.ts';
import { decodePng } from '../src/masks/png.testing.ts';
import { expectAccessibleInBothSchemes } from './axe.ts';
import {
  draw,
  expect,
  openSignedIn,
  photo,
  places,
  reloadSaved,
  signIn,
  test,
  watchPage,
} from './fixtures.ts';
import { looks } from './looks.ts';
import { shownMask } from './shownMask.ts';
import { tab } from './viewer.ts';

const url = process.env.GEN3D_URL?.replace(/\/$/, '') ?? '';

/** What the page asked the service for, what it was given for it, and the uploads to the storage. */
interface Sent {
  readonly asked: EarlierRequest[];
  readonly created: CreatedJob[];
  uploads: number;
}

/** Notes from now on what the page sends. */
function watchSent(page: Page): Sent {
  const sent: Sent = { asked: [], created: [], uploads: 0 };
  page.on('request', (request) => {
    if (request.method() === 'POST' && new URL(request.url()).origin !== url) sent.uploads += 1;
  });
  page.on('response', async (response) => {
    const request = response.request();
    if (request.method() !== 'POST' || request.url() !== `${url}/api/jobs`) return;
    sent.asked.push(request.postDataJSON());
    sent.created.push(await response.json());
  });
  return sent;
}

/** Waits until a job that the page shows is finished, and returns it. */
async function finished(page: Page, act: () => Promise<void>): Promise<Job> {
  let job: Job | null = null;
  const answered = page.waitForResponse(async (response) => {
    if (!/\/api\/jobs\/[0-9a-z]{26}$/.test(response.url()) || response.request().method() !== 'GET')
      return false;
    job = (await response.json()) as Job;
    return isFinished(job.state);
  });
  await act();
  await answered;
  if (!job) throw new Error('no job');
  return job;
}

/** The mask that the model used for an object, "1" inside and "0" outside: one for each pixel. */
async function used(page: Page, job: Job, index: number): Promise<string> {
  const mask = job.objects.find((object) => object.index === index)?.mask;
  const { width, height, data } = decodePng(await (await page.request.get(mask?.url ?? '')).body());
  expect([width, height]).toEqual([600, 400]);
  let bits = '';
  for (let i = 0; i < data.length; i += 4) bits += data[i] === 255 ? '1' : '0';
  return bits;
}

/** All masks of the photo. */
const layer = (page: Page): Locator => page.locator('.mask-layer canvas.mask-tint');
const difference = (a: string, b: string): number => [...a].filter((bit, i) => bit !== b[i]).length;

/** Makes two meshes of a photo: of a labeled object by box, and of another one by points and a box. */
async function make(page: Page): Promise<Job> {
  await signIn(page, url);
  await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee.jpg'));
  await draw(page, [0.18, 0.08], [0.6, 0.86]);
  await draw(page, [0.62, 0.3], [0.82, 0.8]);
  await page.getByLabel('Label of object 1').fill('cup');
  await page.getByText('Options').click();
  await page.getByLabel('Seed').fill('7');
  await page.getByLabel('Quality').selectOption('draft');
  await page.getByLabel(/^Splat/).uncheck();
  return finished(page, () => page.getByRole('button', { name: 'Make 2 meshes' }).click());
}

/** Presses the Tab key until an element has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 120; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('the Tab key does not reach the element');
}

test.describe('a job submitted again', () => {
  test.skip(url === '', 'GEN3D_URL names no running `gen3d local`');

  for (const { title, ...look } of looks) {
    test.describe(title, () => {
      test.use({ ...look, bypassCSP: true });

      test('has the photo, boxes, masks, labels and options of the first, without a second upload', async ({
        page,
      }) => {
        const faults = watchPage(page);
        const first = await make(page);
        await tab(page, 'Photo').click();
        await expect(page.locator('.stage-photo img')).toBeVisible();
        const sent = watchSent(page);
        await page.getByRole('link', { name: 'Edit and try again' }).click();
        await expect(page).toHaveURL(`${url}/jobs/${first.jobId}/again`);
        await expect(places(page)).toHaveText(['108, 32 – 360, 344', '372, 120 – 492, 320']);
        await expect(page.getByLabel('Label of object 1')).toHaveValue('cup');
        await expect(layer(page)).toHaveCount(1);
        for (const index of [1, 2]) {
          const before = await used(page, first, index);
          expect(difference(await shownMask(layer(page), colorOf(index)), before), `mask ${index}`).toBe(0);
          await expect(page.getByRole('button', { name: `Edit mask of object ${index}` })).toBeVisible();
        }
        await page.getByText('Options').click();
        await expect(page.getByLabel('Seed')).toHaveValue('7');
        await expect(page.getByLabel('Quality')).toHaveValue('draft');
        await expect(page.getByLabel(/^Splat/)).not.toBeChecked();
        await expectAccessibleInBothSchemes(page);

        await page.getByLabel('Seed').fill('8');
        const second = await finished(page, () =>
          page.getByRole('button', { name: 'Make 2 meshes' }).click(),
        );
        expect(sent.uploads).toBe(0);
        expect(sent.asked).toHaveLength(1);
        expect(sent.asked[0]).toMatchObject({
          from: { jobId: first.jobId },
          objects: [{ label: 'cup', mask: { copy: 1 } }, { mask: { copy: 2 } }],
        });
        expect(second.jobId).not.toBe(first.jobId);
        expect(second.options).toMatchObject({ seed: 8, quality: 'draft' });
        expect(second.source).toMatchObject({ name: 'coffee.jpg', width: 600, height: 400 });
        for (const index of [1, 2]) {
          expect(second.objects[index - 1]?.mask?.source).toBe('given');
          expect(difference(await used(page, second, index), await used(page, first, index))).toBe(0);
        }
        expect(faults).toEqual([]);
      });
    });
  }

  test.describe('of one object', () => {
    test.use({ viewport: { width: 1440, height: 900 } });

    test('sends only the mask that was corrected, and the model uses it as it is shown', async ({ page }) => {
      const faults = watchPage(page);
      const first = await make(page);
      const sent = watchSent(page);
      await page.goto(`${url}/jobs/${first.jobId}/again?object=2`);
      await expect(page.getByRole('heading', { name: 'Try object 2 again' })).toBeVisible();
      await expect(places(page)).toHaveText(['372, 120 – 492, 320']);
      const surface = page.locator('.mask-surface');
      const tint = surface.locator('canvas.mask-tint');
      await expect(surface).toBeFocused();
      const before = await used(page, first, 2);
      await expect.poll(async () => difference(await shownMask(tint), before)).toBe(0);
      await page.getByRole('button', { name: 'Brush', exact: true }).click();
      const bounds = await surface.boundingBox();
      if (!bounds) throw new Error('no mask is open');
      const at = (x: number, y: number): [number, number] => [
        bounds.x + bounds.width * x,
        bounds.y + bounds.height * y,
      ];
      await page.mouse.move(...at(0.05, 0.1));
      await page.mouse.down();
      await page.mouse.move(...at(0.05, 0.4), { steps: 6 });
      await page.mouse.up();
      await expect.poll(async () => difference(await shownMask(tint), before)).toBeGreaterThan(100);
      const wanted = await shownMask(tint);
      await page.getByRole('button', { name: 'Use this mask' }).click();

      // What was changed is kept as a draft of its own.
      await reloadSaved(page);
      await expect(page.getByText('coffee.jpg with 1 box is back')).toBeVisible();
      await expect.poll(async () => difference(await shownMask(layer(page)), wanted)).toBe(0);
      const second = await finished(page, () => page.getByRole('button', { name: 'Make 1 mesh' }).click());
      expect(sent.uploads).toBe(1);
      expect(sent.created.map(({ upload, masks }) => [upload, masks?.map(({ object }) => object)])).toEqual([
        [undefined, [1]],
      ]);
      expect(sent.asked.map(({ from }) => from.jobId)).toEqual([first.jobId]);
      expect(second.objects).toHaveLength(1);
      expect(second.objects[0]?.mask?.source).toBe('given');
      expect(difference(await used(page, second, 1), wanted)).toBe(0);
      expect(faults).toEqual([]);
    });

    test('is submitted again with keys alone', async ({ page }) => {
      const first = await make(page);
      const sent = watchSent(page);
      await tabTo(page, page.getByRole('link', { name: 'Edit and try again' }));
      await page.keyboard.press('Enter');
      await expect(page.getByRole('heading', { name: 'coffee.jpg' })).toBeFocused();
      await tabTo(page, page.getByRole('button', { name: 'Delete box 2' }));
      await page.keyboard.press('Enter');
      await tabTo(page, page.getByRole('button', { name: 'Make 1 mesh' }));
      const second = await finished(page, () => page.keyboard.press('Enter'));
      expect(second.objects.map(({ label }) => label)).toEqual(['cup']);
      expect(sent.asked[0]).toMatchObject({ from: { jobId: first.jobId } });
      expect(sent.uploads).toBe(0);
    });
  });
});

test.describe('an earlier job’s photo', () => {
  test('that is no longer stored is told so, and another one can be chosen', async ({
    page,
    standIn,
    faults,
  }) => {
    const job = standIn.addJob({ objects: [{ box: [9, 9, 99, 99], fails: 'No object found.' }] });
    await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
    await tab(page, 'Photo').click();
    await expect(page.locator('.stage-photo img')).not.toHaveJSProperty('naturalWidth', 0);
    standIn.failNext(/^GET \/\w+\/photo$/, 404, '<Error><Code>NoSuchKey</Code></Error>', 'application/xml');
    await page.getByRole('link', { name: 'Edit and try again' }).click();
    await expect(page.getByRole('alert')).toContainText('The photo of this job is no longer stored');
    await page.getByRole('link', { name: 'Choose a photo' }).click();
    await expect(page.getByRole('heading', { name: 'Make meshes from a photo' })).toBeVisible();
    expect(faults.filter((fault) => !fault.includes('404'))).toEqual([]);
  });

  test('that is damaged is told so once', async ({ page, standIn }) => {
    const header = Buffer.alloc(45);
    Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1').copy(header);
    header.writeUInt32BE(200, 16);
    header.writeUInt32BE(200, 20);
    header.write('IEND', 37);
    const job = standIn.addJob({
      photo: header,
      bytes: 45,
      objects: [{ box: [9, 9, 99, 99], fails: 'The photo is damaged.' }],
    });
    await openSignedIn(page, standIn, `/jobs/${job.jobId}/again`);
    await expect(page.getByRole('alert')).toContainText('cannot be shown: the file is damaged');
    await expect(places(page)).toHaveCount(0);
    expect(standIn.requests.filter((line) => line === `GET /api/jobs/${job.jobId}`)).toHaveLength(1);
  });

  test('is sent if it was deleted since the page has read it', async ({ page, standIn }) => {
    const job = standIn.addJob({
      objects: [{ label: 'cup', box: [9, 9, 99, 99], fails: 'No object found.' }],
    });
    await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
    await page.getByRole('link', { name: 'Try this object again' }).click();
    await expect(places(page)).toHaveText(['9, 9 – 99, 99']);
    standIn.failNext(/^POST \/api\/jobs$/, 409, {
      title: 'Conflict',
      status: 409,
      code: 'photo_gone',
      detail: 'The photo of that job was deleted or never arrived; choose the photo again.',
    });
    await page.getByRole('button', { name: 'Make 1 mesh' }).click();
    await page.waitForURL(/\/jobs\/\w{26}$/);
    expect(standIn.lastRequests.get('create')).toMatchObject({
      name: 'coffee.jpg',
      objects: [{ label: 'cup', box: [9, 9, 99, 99] }],
    });
    expect(standIn.requests.filter((line) => line === 'POST /')).toHaveLength(1);
  });

  test('of a job that does not exist, or that cannot be reached, is told in words', async ({
    page,
    standIn,
  }) => {
    await openSignedIn(page, standIn, '/jobs/00000000000000000000000000/again');
    await expect(page.getByRole('alert')).toContainText('There is no job at this address');
    const job = standIn.addJob({});
    standIn.failNext(/^GET \/\w+\/photo$/, 503, '', 'application/xml');
    await page.goto(`${standIn.url}/jobs/${job.jobId}/again`);
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(places(page)).toHaveText(['120, 60 – 420, 320']);
    await page.goto(`${standIn.url}/jobs/${job.jobId}/again?object=5`);
    await expect(page.getByRole('alert')).toContainText('This job has no object 5.');
    // An object that is the whole picture has no box.
    const whole = standIn.addJob({ objects: [{ box: null, fails: 'No object found.' }] });
    await page.goto(`${standIn.url}/jobs/${whole.jobId}/again`);
    await expect(page.getByText('the whole photo becomes one mesh')).toBeVisible();
  });

  test('leaves the photo that was being marked as it was, and forgets its own changes on demand', async ({
    page,
    standIn,
  }) => {
    standIn.addJob({
      name: 'earlier.jpg',
      objects: [{ box: [9, 9, 99, 99], fails: 'No object.' }],
    });
    await openSignedIn(page, standIn);
    await page.getByLabel('Drop a photo here').setInputFiles(photo('cat.jpg'));
    await draw(page, [0.1, 0.1], [0.4, 0.5]);
    await page.getByRole('link', { name: 'earlier.jpg' }).click();
    await page.getByRole('link', { name: 'Edit and try again' }).click();
    await expect(places(page)).toHaveText(['9, 9 – 99, 99']);
    await page.getByLabel('Label of object 1').fill('changed');
    await page.getByRole('link', { name: 'Back to the job' }).click();
    await page.getByRole('link', { name: 'Edit and try again' }).click();
    await expect(page.getByText('earlier.jpg with 1 box is back')).toBeVisible();
    await expect(page.getByLabel('Label of object 1')).toHaveValue('changed');
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
    await expect(page.getByLabel('Label of object 1')).toHaveValue('');
    await page.getByRole('link', { name: 'Gen3D' }).first().click();
    await expect(page.getByText('cat.jpg with 1 box is back')).toBeVisible();
    await expect(places(page)).toHaveCount(1);
  });
});
