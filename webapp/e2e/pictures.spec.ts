import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { draw, expect, openSignedIn, photo, signIn, test } from './fixtures.ts';
import { expectMeshDrawn, stage, tab } from './viewer.ts';

// Writes the pictures of the user guide: make pictures.
const folder = process.env.GEN3D_PICTURES ?? '';
const url = process.env.GEN3D_URL?.replace(/\/$/, '') ?? '';

test.skip(folder === '' || url === '', 'GEN3D_PICTURES names no folder for the pictures');
test.use({ viewport: { width: 960, height: 720 }, colorScheme: 'light' });

/** A JPEG of the window, or of one element, small enough for a document. */
const take = async (of: Page | Locator, name: string): Promise<void> => {
  await of.screenshot({ path: join(folder, `${name}.jpg`), type: 'jpeg', quality: 82 });
};

test('the pictures of the user guide', async ({ page, standIn }) => {
  test.setTimeout(600_000);
  await page.emulateMedia({ reducedMotion: 'reduce' });

  // Progress is taken from the stand-in, whose stages take as long as it is told.
  standIn.pace = 60_000;
  const now = Date.now();
  await openSignedIn(page, standIn);
  const slow = standIn.addJob({
    createdAt: now,
    uploadedAt: now - 90_000,
    photo: await readFile(photo('coffee.jpg')),
    objects: [
      { label: 'saucer', box: [90, 90, 485, 395] },
      { label: 'cup', box: [170, 15, 420, 290] },
    ],
  });
  await page.goto(`${standIn.url}/jobs/${slow.jobId}`);
  await expect(stage(page, 'saucer').getByRole('img')).toBeVisible();
  await take(page, 'progress');

  await signIn(page, url);
  await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee.jpg'));
  await draw(page, [0.27, 0.03], [0.72, 0.72]);
  await draw(page, [0.53, 0.55], [0.7, 0.83]);
  await page.getByLabel('Label of object 1').fill('cup');
  await page.getByLabel('Label of object 2').fill('spoon');
  await page.evaluate(() => scrollTo(0, 0));
  await take(page, 'boxes');
  await page.getByRole('button', { name: 'Check mask of object 1' }).click();
  await expect(page.getByText(/The mask covers/)).toBeVisible();
  await take(page.locator('.bench-photo'), 'mask');
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();

  await page.getByRole('button', { name: 'Make 2 meshes' }).click();
  await page.waitForURL(/\/jobs\/[0-9a-z]{26}$/);
  await expect(page.locator('.job-lead', { hasText: '2 meshes are ready.' })).toBeVisible({
    timeout: 300_000,
  });
  await expectMeshDrawn(page, 'cup');
  await expect(tab(page, 'Whole scene')).toBeVisible();
  await take(page, 'mesh');

  await page.getByRole('link', { name: 'All jobs' }).click();
  await expect(page.locator('.job-card')).not.toHaveCount(0);
  await expect(page.locator('.job-mesh img').first()).not.toHaveJSProperty('naturalWidth', 0);
  await take(page.locator('.jobs'), 'jobs');

  await page.goto(`${url}/mailbox`);
  await page.getByRole('link').filter({ hasText: 'testuser001@example.com' }).first().click();
  await expect(page.getByText('Your 3D Mesh is Ready!').first()).toBeVisible();
  await take(page, 'mail');
});
