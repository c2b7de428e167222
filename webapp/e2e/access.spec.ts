import type { Locator, Page } from '@playwright/test';
import { expectAccessibleInBothSchemes, expectNoOverflow } from './axe.ts';
import { draw, expect, openSignedIn, photo, reloadSaved, test } from './fixtures.ts';
import { standInForNotifications } from './notifications.ts';
import { stage } from './viewer.ts';

// The views that no other test checks. Boxes and masks of a zoomed photo are in zoom.spec.ts, the queue in
// many.spec.ts, the list in history.spec.ts, finished jobs in stage.spec.ts, downloads in takeaway.spec.ts,
// another try in again.spec.ts, and the pages of the one-machine mode in local.spec.ts.

const box = [9, 9, 99, 99];

const edges = (of: Locator) =>
  of.evaluate((element) => {
    const { top, bottom, right } = element.getBoundingClientRect();
    return { top, bottom, right };
  });

async function check(page: Page): Promise<void> {
  await expectNoOverflow(page);
  await expectAccessibleInBothSchemes(page);
}

for (const viewport of [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]) {
  test.describe(`at ${viewport.width} × ${viewport.height}, light and dark`, () => {
    // Axe injects its script; other tests cover the policy.
    test.use({ viewport, hasTouch: viewport.width < 600, bypassCSP: true });

    test('the views around a submission pass the automatic checks of WCAG 2.2 AA', async ({
      page,
      standIn,
    }) => {
      await page.goto(standIn.url);
      await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
      await check(page);
      await openSignedIn(page, standIn);
      await expect(page.getByText('No jobs yet.')).toBeVisible();
      await check(page);
      await page.goto(`${standIn.url}/nowhere`);
      await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
      await check(page);

      // The service does not answer, and a file is no photo.
      standIn.away = true;
      await page.goto(standIn.url);
      await expect(page.getByRole('alert')).toContainText('Try again in a minute');
      const files = page.getByLabel('Drop a photo here');
      await files.setInputFiles({ name: 'a.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(0) });
      await expect(page.getByText('This file is empty')).toBeVisible();
      await check(page);
      standIn.away = false;

      await files.setInputFiles(photo('coffee.jpg'));
      await draw(page, [0.1, 0.1], [0.4, 0.5]);
      await reloadSaved(page);
      await expect(page.getByText('coffee.jpg with 1 box is back')).toBeVisible();
      await page.getByText('Options').click();
      await check(page);
      await page.getByLabel('Seed').fill('-1');
      await page.getByRole('button', { name: 'Make 1 mesh' }).click();
      await expect(page.getByText('The seed must be a whole number')).toBeVisible();
      await check(page);
      await page.getByLabel('Seed').fill('1');

      // The site offers a network that is slow to come.
      const file = (name: string) => ({ path: `/network/${name}`, bytes: 9, sha256: '0'.repeat(64) });
      const model = { graph: file('graph'), data: file('data') };
      const network = { format: 'sam2-1', encoder: model, decoder: model };
      await page.route('**/network.json', (route) => route.fulfill({ json: network }));
      await page.route('**/network/*', () => {});
      await page.getByRole('button', { name: 'Check mask of object 1' }).click();
      await expect(page.getByText('Loading a better way to find masks')).toBeVisible();
      await expect(page.getByText(/The mask covers|No object was found/)).toBeVisible();
      await check(page);
      // The photo is seen whole with the tools below it; what is said of the network may come later.
      const tools = page.getByRole('region', { name: 'Mask of object 1' });
      for (const part of [page.locator('.photo-view'), tools.getByRole('button', { name: 'Use this mask' })])
        await expect(part).toBeInViewport({ ratio: 0.99 });
      await page.getByRole('button', { name: 'Brush', exact: true }).click();
      await check(page);
      await page.getByRole('button', { name: 'Cancel', exact: true }).click();

      // On its way, then without a connection.
      const held: (() => Promise<void>)[] = [];
      const isPost = (url: URL): boolean => url.href === `${standIn.bucketUrl}/`;
      await page.route(isPost, (route) => void held.push(() => route.abort('connectionreset')));
      await page.getByRole('button', { name: 'Make 1 mesh' }).click();
      await expect.poll(() => held.length).toBe(1);
      await expect(page.getByRole('progressbar', { name: 'Upload' })).toBeVisible();
      await check(page);
      await held[0]?.();
      await expect(page.getByText('this page keeps trying until').first()).toBeVisible();
      await check(page);
    });

    test('the states of a job pass the automatic checks of WCAG 2.2 AA', async ({ page, standIn }) => {
      await standInForNotifications(page, 'granted');
      const failed = standIn.addJob({ objects: [{ box, fails: 'No object found.' }] });
      await openSignedIn(page, standIn, `/jobs/${failed.jobId}`);
      await expect(page.getByText('No mesh could be made.')).toBeVisible();
      await check(page);
      await page.getByRole('button', { name: 'Delete' }).click();
      await check(page);
      await page.keyboard.press('Escape');
      await page.goto(`${standIn.url}/jobs/00000000000000000000000000`);
      await expect(page.getByRole('heading', { name: 'Job not found' })).toBeVisible();
      await check(page);

      const now = Date.now();
      const photoless = standIn.addJob({ createdAt: now, uploadedAt: 0 });
      await page.goto(`${standIn.url}/jobs/${photoless.jobId}`);
      await expect(page.locator('.job-lead')).toContainText('The photo has not arrived yet.');
      await check(page);
      const waiting = { reason: 'instance', objectsAhead: 0, estimatedSeconds: 240 } as const;
      const queued = standIn.addJob({ createdAt: now, uploadedAt: now, waiting });
      await page.goto(`${standIn.url}/jobs/${queued.jobId}`);
      await expect(page.getByText('Waiting for the GPU to start')).toBeVisible();
      await check(page);
      await page.getByRole('button', { name: 'Notify me' }).click();
      await expect(page.getByRole('button', { name: 'Notify me', pressed: true })).toBeVisible();
      await check(page);

      // In work; then the service does not answer.
      standIn.pace = 600_000;
      const running = standIn.addJob({
        createdAt: now,
        uploadedAt: now - 700_000,
        objects: [
          { label: 'cup', box },
          { label: 'saucer', box: [90, 90, 485, 395] },
        ],
      });
      await page.goto(`${standIn.url}/jobs/${running.jobId}`);
      await expect(stage(page, 'cup').getByRole('progressbar')).toBeVisible();
      await check(page);
      // What is said of an object fits into its tab, and does not cover its photo.
      for (const chip of await page.locator('.tab .chip').all()) {
        const [inner, outer] = [await edges(chip), await edges(chip.locator('xpath=ancestor::button'))];
        expect(inner.right).toBeLessThanOrEqual(outer.right);
        expect(inner.bottom).toBeLessThanOrEqual(outer.bottom);
      }
      const shown = await edges(page.locator('.stage-photo .box-surface'));
      expect(shown.bottom).toBeLessThanOrEqual((await edges(page.locator('.stage-status'))).top);
      standIn.away = true;
      await expect(page.getByRole('alert')).toContainText('Try again in a minute');
      await check(page);
    });
  });
}
