import type { Page } from '@playwright/test';
import { showPreviews } from './drawing.ts';
import { expect, openSignedIn, test } from './fixtures.ts';
import { expectMeshDrawn, stage, tab } from './viewer.ts';

const box = [120, 60, 420, 320];
const fails = 'No object stands out in box 2.';

/** The width of the picture's file: 192 of the thumbnail, 600 of the photo. */
const width = (page: Page) =>
  page.locator('.stage-photo img').evaluate((image: HTMLImageElement) => image.naturalWidth);

const showsPhoto = (page: Page) => expect.poll(() => width(page)).toBe(600);
const showsThumbnail = (page: Page) => expect.poll(() => width(page)).toBe(192);

test('a job’s page fetches its photo when the photo is looked at, and only its thumbnail before', async ({
  page,
  standIn,
  faults,
}) => {
  const photos = () => standIn.requests.filter((line) => /^GET \/\w+\/photo\?/.test(line)).length;
  const job = standIn.addJob({
    objects: [
      { label: 'cup', box },
      { label: 'spoon', box, fails },
    ],
  });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expectMeshDrawn(page, 'cup');
  await expect(tab(page, 'Photo').locator('img')).toHaveJSProperty('naturalWidth', 192);
  expect(photos()).toBe(0);

  await tab(page, 'Photo').click();
  await showsPhoto(page);
  await expect(stage(page, 'Photo').getByRole('img', { name: 'The photo coffee.jpg' })).toBeVisible();
  expect(photos()).toBe(1);
  for (const name of ['cup', 'Photo', 'spoon']) await tab(page, name).click();
  await showsPhoto(page);
  expect(photos()).toBe(1);

  // While an object is made, its place in the thumbnail is enough; where it has failed, it is looked at.
  standIn.pace = 600_000;
  const unfinished = {
    createdAt: Date.now(),
    uploadedAt: Date.now() - 700_000,
    objects: [{ label: 'cup', box }],
  };
  await page.goto(`${standIn.url}/jobs/${standIn.addJob(unfinished).jobId}`);
  await showsThumbnail(page);
  await expect(stage(page, 'cup').locator('.box-frame')).toBeVisible();
  expect(photos()).toBe(1);
  await page.getByRole('tab', { name: 'Photo', exact: true }).click();
  await showsPhoto(page);
  expect(photos()).toBe(2);
  standIn.pace = 120;
  await page.goto(`${standIn.url}/jobs/${standIn.addJob({ objects: [{ label: 'cup', box, fails }] }).jobId}`);
  await showsPhoto(page);
  expect(photos()).toBe(3);
  expect(faults).toEqual([]);
});

test('a window with no more pixels than the thumbnail gets no photo, until it is larger', async ({
  page,
  standIn,
}) => {
  await page.setViewportSize({ width: 220, height: 700 });
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await tab(page, 'Photo').click();
  await showsThumbnail(page);
  await page.setViewportSize({ width: 1440, height: 900 });
  await showsPhoto(page);
});

test('a photo that cannot be loaded leaves its thumbnail, and a new link is asked for once', async ({
  page,
  standIn,
}) => {
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
  await page.route('**/photo?*', (route) => route.abort('connectionreset'));
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expect(stage(page, 'cup').getByRole('img', { name: 'Preview of cup' })).toBeVisible();
  const asked = () => standIn.requests.filter((line) => line === `GET /api/jobs/${job.jobId}`).length;
  const before = asked();
  const failed = page.waitForEvent('requestfailed');
  await tab(page, 'Photo').click();
  await failed;
  await expect.poll(asked).toBe(before + 1);
  await showsThumbnail(page);

  // The service has signed the photo anew.
  await page.unroute('**/photo?*');
  standIn.linkGeneration += 1;
  await page.reload();
  await tab(page, 'Photo').click();
  await showsPhoto(page);
});

test('a thumbnail that cannot be loaded is replaced by the photo', async ({ page, standIn }) => {
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
  await page.route('**/thumbnail?*', (route) => route.fulfill({ status: 404 }));
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await tab(page, 'Photo').click();
  await showsPhoto(page);
  await expect(tab(page, 'Photo').locator('img')).toHaveCount(0);
});
