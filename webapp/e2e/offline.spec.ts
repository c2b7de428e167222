import type { Page } from '@playwright/test';
import { expect, openSignedIn, photo, test } from './fixtures.ts';

const jobAddress = /\/jobs\/\w{26}$/;
const waits = (page: Page) => page.getByText('this page keeps trying until the photo is sent').first();
const asked = (requests: readonly string[]) => requests.filter((line) => line === 'POST /api/jobs').length;

test.beforeEach(async ({ page, standIn }) => {
  await openSignedIn(page, standIn);
  await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee.jpg'));
  await expect(page.locator('.box-layer')).toBeVisible();
});

test('a photo submitted offline is sent once the browser is online', async ({ page, context, standIn }) => {
  await context.setOffline(true);
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await expect(waits(page)).toBeVisible();
  expect(asked(standIn.requests)).toBe(0);
  await context.setOffline(false);
  await page.waitForURL(jobAddress);
  expect(asked(standIn.requests)).toBe(1);
  expect(standIn.jobs.size).toBe(1);
});

test('an interrupted upload is repeated for the same job', async ({ page, standIn }) => {
  await page.route(`${standIn.bucketUrl}/`, (route) => route.abort('connectionreset'), { times: 2 });
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await expect(waits(page)).toBeVisible();
  await page.waitForURL(jobAddress);
  expect(asked(standIn.requests)).toBe(1);
  expect([...standIn.jobs.keys()]).toEqual([new URL(page.url()).pathname.split('/').at(-1)]);
});

test('a photo that arrived is not sent again when only the response was lost', async ({ page, standIn }) => {
  await page.route(
    `${standIn.bucketUrl}/`,
    async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    },
    { times: 1 },
  );
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await page.waitForURL(jobAddress);
  expect(asked(standIn.requests)).toBe(1);
  expect(standIn.requests.filter((line) => line === 'POST /')).toHaveLength(1);
});

test('waiting for a connection can be canceled, which deletes the job', async ({ page, standIn }) => {
  await page.route(`${standIn.bucketUrl}/`, (route) => route.abort('connectionreset'));
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await expect(waits(page)).toBeVisible();
  const cancel = page.getByRole('button', { name: 'Cancel' });
  await expect(cancel).toBeFocused();
  await expect(page.locator('.objects')).toHaveJSProperty('inert', true);
  await cancel.press('Enter');
  await expect(page.getByText('Upload canceled. Your boxes are kept.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Make 1 mesh' })).toBeFocused();
  await expect.poll(() => standIn.jobs.size).toBe(0);
  await page.unroute(`${standIn.bucketUrl}/`);
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await page.waitForURL(jobAddress);
  expect(standIn.jobs.size).toBe(1);
});
