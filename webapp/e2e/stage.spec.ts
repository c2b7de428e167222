import { readFile } from 'node:fs/promises';
import { decodePng } from '../src/masks/png.testing.ts';
import { expectAccessibleInBothSchemes, expectNoOverflow } from './axe.ts';
import { expect, openSignedIn, test } from './fixtures.ts';
import { looks } from './looks.ts';
import {
  button,
  expectChange,
  expectMeshDrawn,
  expectSame,
  look,
  radio,
  stage,
  tab,
  view,
} from './viewer.ts';
import { cup, objects, wholeJob } from './wholeJob.ts';

for (const { title, viewport, colorScheme } of looks) {
  test.describe(title, () => {
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
      await expectAccessibleInBothSchemes(page);
      await expectNoOverflow(page);

      let seen = await look(page);
      for (const name of ['Clay', 'Wireframe', 'Splat', 'Textured']) {
        await radio(page, name).check();
        seen = await expectChange(page, seen, `the view ${name}`);
      }
      await button(page, 'Zoom in').click();
      seen = await expectChange(page, seen, 'zoomed in');
      await button(page, 'Light').click();
      await expectAccessibleInBothSchemes(page);
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
      await expectAccessibleInBothSchemes(page);
      await button(page, 'Leave full screen').click();
      await expect(page.locator('.stage')).not.toHaveClass(/is-full/);

      await button(page, 'Details').click();
      const details = page.getByRole('group', { name: 'Details of cup' });
      await expect(details).toContainText('23,036');
      await expect(details).toContainText('fetch 12 ms · mask 86 ms');
      await expectAccessibleInBothSchemes(page);
      await page.getByRole('button', { name: 'Download cup' }).click();
      await expect(details).toBeHidden();
      await expect(page.getByRole('link', { name: /^GLB/ })).toBeVisible();
      await expectAccessibleInBothSchemes(page);
      await page.keyboard.press('Escape');

      await tab(page, 'Whole scene').click();
      await expectMeshDrawn(page, 'Whole scene');
      await expect(stage(page, 'Whole scene')).toContainText('saucer is not in the scene');
      await expectAccessibleInBothSchemes(page);
      await tab(page, 'saucer').click();
      await expect(stage(page, 'saucer')).toContainText('Check the mask');
      await expect(page.getByRole('link', { name: 'Try this object again' })).toHaveAttribute(
        'href',
        new RegExp(`^/jobs/${job.jobId}/again`),
      );
      await expectMeshDrawn(page, 'saucer');
      await expectAccessibleInBothSchemes(page);
      await tab(page, 'spoon').click();
      await expect(stage(page, 'spoon')).toContainText('No object stands out in box 3.');
      await expectAccessibleInBothSchemes(page);

      await tab(page, 'Photo').click();
      const photo = stage(page, 'Photo');
      await expect(photo.getByRole('img', { name: 'The photo coffee.jpg' })).toBeVisible();
      await expect(photo.locator('.box-frame')).toHaveCount(3);
      await expect(photo.locator('.mask-overlay')).toHaveCount(2);
      await expectAccessibleInBothSchemes(page);
      await button(page, 'Masks').click();
      await expect(photo.locator('.mask-overlay').first()).toBeHidden();
      await button(page, 'Boxes').click();
      await expect(photo.locator('.box-frame').first()).toBeHidden();
      await expectNoOverflow(page);
    });
  });
}

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
    const opacity = decodePng(file).data[3] ?? -1;
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
  await button(page, 'Full screen').click();
  await expect(page.locator('.stage')).toHaveCSS('position', 'fixed');
  await page.keyboard.press('Escape');
  await expect(page.locator('.stage')).toHaveCSS('position', 'relative');
});

test('a press on an object in the photo opens its mesh', async ({ page, standIn }) => {
  const job = standIn.addJob(wholeJob);
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await tab(page, 'Photo').click();
  await expect(page.getByRole('img', { name: 'The photo coffee.jpg' })).toBeVisible();
  // Not of the image, which is replaced when the photo itself has been loaded.
  const bounds = await stage(page, 'Photo').locator('.box-surface').boundingBox();
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
