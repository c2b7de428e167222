import { expectAccessibleInBothSchemes } from './axe.ts';
import { openDownloads, quickLook, taken } from './downloads.ts';
import { showPreviews } from './drawing.ts';
import { expect, openSignedIn, test } from './fixtures.ts';
import { looks } from './looks.ts';
import { expectUsdz } from './usdz.ts';
import { stage } from './viewer.ts';

for (const { title, ...look } of looks) {
  test.describe(title, () => {
    // Axe injects its script; other tests cover the policy.
    test.use({ ...look, hasTouch: look.viewport.width < 600, bypassCSP: true });

    test('the dialogs pass the automatic checks of WCAG 2.2 AA', async ({ page, standIn }) => {
      await quickLook(page);
      const check = (): Promise<void> => expectAccessibleInBothSchemes(page, 'dialog[open]');
      await showPreviews(page, standIn);
      const job = standIn.addJob({ objects: taken, colors: 'texture' });
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

test('a size that is none is refused, and a mesh that cannot be read', async ({ page, standIn }) => {
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: taken });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
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
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: taken, colors: 'texture' });
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
    return new Uint8Array(await response.arrayBuffer());
  });
  expectUsdz(Buffer.from(bytes), 0.1);
  // The file is of another size then.
  await dialog.getByLabel('Longest side').fill('50');
  await expect(link).toHaveCount(0);
  await expect(offer).toBeVisible();
});
