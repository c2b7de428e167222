import { openDownloads } from './downloads.ts';
import { showPreviews } from './drawing.ts';
import { expect, openSignedIn, test } from './fixtures.ts';
import { expectMeshDrawn, stage, tab } from './viewer.ts';

const objects = [
  { label: 'cup', box: [120, 60, 420, 320] },
  { label: 'spoon', box: [20, 60, 90, 320] },
];

test('a job of several objects shows them as one scene, with its files', async ({
  page,
  standIn,
  faults,
}) => {
  test.slow();
  const job = standIn.addJob({
    objects: [...objects, { label: 'saucer', box: [100, 300, 440, 400] }],
    scene: { state: 'succeeded', formats: ['glb', 'splat'], unplaced: [3] },
  });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  const scene = stage(page, 'Whole scene');
  await tab(page, 'Whole scene').click();
  await expect(scene).toContainText('saucer is not in the scene: the model found no place for it.');
  await expectMeshDrawn(page, 'Whole scene');
  const download = page.waitForEvent('download');
  await (await openDownloads(scene)).getByRole('link', { name: /^Splat/ }).click();
  expect((await download).suggestedFilename()).toBe('scene.ply');
  expect(faults).toEqual([]);
});

test('the page waits for a scene that follows the last object', async ({ page, standIn }) => {
  test.slow();
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects, scene: { state: 'making', formats: [] } });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  const scene = stage(page, 'Whole scene');
  await tab(page, 'Whole scene').click();
  await expect(scene).toContainText('Putting the objects together…');
  job.scene = { state: 'succeeded', formats: ['glb', 'splat'] };
  await expect(scene.getByRole('button', { name: /^Download/ })).toBeVisible({ timeout: 60_000 });
  await expect(scene).not.toContainText('Putting the objects together…');
});

test('a scene that failed says why and offers what was made', async ({ page, standIn }) => {
  await showPreviews(page, standIn);
  const job = standIn.addJob({
    objects,
    scene: { state: 'failed', message: 'It took too long.', formats: ['splat'] },
  });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  const scene = stage(page, 'Whole scene');
  await tab(page, 'Whole scene').click();
  await expect(scene).toContainText('It took too long.');
  const files = await openDownloads(scene);
  await expect(files.getByRole('link')).toHaveCount(1);
  await expect(files.getByRole('heading', { name: 'Other formats' })).toBeHidden();
});

test('a job without a scene has no tab of it', async ({ page, standIn }) => {
  const job = standIn.addJob({ objects });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expect(tab(page, 'spoon')).toBeVisible();
  await expect(tab(page, 'Whole scene')).toHaveCount(0);
});
