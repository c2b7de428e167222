import { expect, signIn, test } from './fixtures.ts';
import { expectMeshDrawn } from './viewer.ts';

const box = [120, 60, 420, 320];

test('a job is followed to its end: stages, errors in their place, meshes, files', async ({
  page,
  standIn,
  faults,
}) => {
  test.slow();
  standIn.pace = 700;
  const now = Date.now();
  const job = standIn.addJob({
    createdAt: now,
    uploadedAt: now,
    objects: [
      { label: 'cup', box },
      {
        box: [10, 10, 100, 100],
        fails: 'No object could be told from its surroundings in box 2; draw it closer.',
      },
    ],
  });
  await signIn(page, standIn.url, `/jobs/${job.jobId}`);
  await expect(page.getByText('Partly done')).toBeVisible();
  const cup = page.getByRole('article', { name: 'cup' });
  await expect(cup).toContainText('relief: a CPU preview, not SAM 3D');
  await expect(cup).toContainText('11,520');
  await expect(page.getByRole('article', { name: 'Object 2' })).toContainText('draw it closer');
  await expect(page.locator('.photo-panel .box-frame')).toHaveCount(2);
  await expectMeshDrawn(cup);

  const download = page.waitForEvent('download');
  await cup.getByRole('link', { name: 'Splat' }).click();
  expect((await download).suggestedFilename()).toBe('splat.ply');
  expect(faults).toEqual([]);
});

test('links that ran out are replaced once, by themselves', async ({ page, standIn }) => {
  test.slow();
  const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
  standIn.failNext(/GET .*mesh\.glb/, 403, '<Error><Code>AccessDenied</Code></Error>', 'application/xml');
  await signIn(page, standIn.url, `/jobs/${job.jobId}`);
  await expectMeshDrawn(page.getByRole('article', { name: 'cup' }));
  expect(standIn.requests.filter((line) => line.includes('mesh.glb')).length).toBeGreaterThanOrEqual(2);
});

test('a mesh that cannot be read says so and leaves the files', async ({ page, standIn }) => {
  const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
  for (let i = 0; i < 2; i += 1) standIn.failNext(/GET .*mesh\.glb/, 200, 'not a glb', 'model/gltf-binary');
  await signIn(page, standIn.url, `/jobs/${job.jobId}`);
  await expect(page.getByText('The mesh could not be shown.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'GLB' })).toBeVisible();
});

test('deleting from the page of a job asks first and leads back to the list', async ({ page, standIn }) => {
  const job = standIn.addJob({ name: 'gone.jpg', objects: [{ box, fails: 'No object found.' }] });
  await signIn(page, standIn.url, `/jobs/${job.jobId}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('No jobs yet.')).toBeVisible();
  expect(standIn.jobs.size).toBe(0);
});
