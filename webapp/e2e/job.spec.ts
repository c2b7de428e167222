import type { Locator, Route } from '@playwright/test';
import { closeDialog, openDownloads } from './downloads.ts';
import { showPreviews } from './drawing.ts';
import { expect, openSignedIn, test } from './fixtures.ts';
import { expectChange, expectMeshDrawn, expectSame, look, stage, tab, view } from './viewer.ts';

const box = [120, 60, 420, 320];

test('a job is followed until it finishes: stages, errors, meshes, files', async ({
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
        fails: 'No object stands out in box 2; draw the box closer around it.',
      },
    ],
  });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expect(page.getByText('Partly done')).toBeVisible();
  await expectMeshDrawn(page, 'cup');
  const cup = stage(page, 'cup');
  await cup.getByRole('button', { name: 'Details' }).click();
  await expect(cup).toContainText('CPU preview, not SAM 3D');
  await expect(cup).toContainText('11,520');
  const download = page.waitForEvent('download');
  const files = await openDownloads(cup);
  await files.getByRole('link', { name: /^Splat/ }).click();
  expect((await download).suggestedFilename()).toBe('splat.ply');
  await closeDialog(files);
  await tab(page, 'Object 2').click();
  await expect(stage(page, 'Object 2')).toContainText('draw the box closer');
  await expect(page.locator('.stage-photo .box-frame')).toHaveCount(2);
  expect(faults).toEqual([]);
});

test('the footer appears with the job, which would move it otherwise', async ({ page, standIn }) => {
  const job = standIn.addJob({ objects: [{ box, fails: 'No object found.' }] });
  await openSignedIn(page, standIn);
  await expect(page.locator('.foot')).toBeVisible();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/JobView-*.js', async (route) => {
    await held;
    await route.continue();
  });
  const asked = page.waitForRequest('**/JobView-*.js');
  await page.goto(`${standIn.url}/jobs/${job.jobId}`, { waitUntil: 'commit' });
  await asked;
  await expect(page.locator('.account-name')).toBeVisible();
  await expect(page.locator('.foot')).toBeHidden();
  release();
  await expect(page.getByText('No mesh could be made.')).toBeVisible();
  await expect(page.locator('.foot')).toBeVisible();
});

test('expired links are replaced once, automatically', async ({ page, standIn }) => {
  test.slow();
  const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
  const expire = async (route: Route): Promise<void> => {
    standIn.linkGeneration += 1;
    await route.continue();
  };
  await page.route('**/mesh.glb?*', expire, { times: 1 });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expectMeshDrawn(page, 'cup');
  expect(standIn.requests.filter((line) => line.includes('mesh.glb')).length).toBeGreaterThanOrEqual(2);
});

test('a mesh that cannot be read shows a message and keeps the files', async ({ page, standIn }) => {
  const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
  for (let i = 0; i < 2; i += 1) standIn.failNext(/GET .*mesh\.glb/, 200, 'not a glb', 'model/gltf-binary');
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expect(page.getByText('The mesh could not be shown.')).toBeVisible();
  const files = await openDownloads(stage(page, 'cup'));
  await expect(files.getByRole('link', { name: /^GLB/ })).toBeVisible();
});

test('"Try again" after a failed mesh asks for a new link and fetches the mesh again', async ({
  page,
  standIn,
}) => {
  test.slow();
  const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
  const card = stage(page, 'cup');
  const retry = card.getByRole('button', { name: 'Try again' });
  let isBroken = true;
  await page.route('**/mesh.glb?*', (route) =>
    isBroken ? route.abort('connectionreset') : route.fallback(),
  );
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expect(retry).toBeVisible();

  const asked = () => standIn.requests.filter((line) => line === `GET /api/jobs/${job.jobId}`).length;
  const before = asked();
  const failing = page.waitForRequest('**/mesh.glb?*');
  await retry.click();
  await failing;
  await expect(retry).toBeVisible();
  expect(asked()).toBe(before + 1);

  // The service's link is the same as long as it is valid.
  isBroken = false;
  await retry.click();
  await expectMeshDrawn(page, 'cup');
  await expect(card.getByText('The mesh could not be shown.')).toBeHidden();
});

test('"Try again" uses a new link when the old one has expired', async ({ page, standIn }) => {
  test.slow();
  const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
  const card = stage(page, 'cup');
  for (let i = 0; i < 2; i += 1) standIn.failNext(/GET .*mesh\.glb/, 503);
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expect(card.getByRole('button', { name: 'Try again' })).toBeVisible();
  standIn.linkGeneration += 1;
  const fetched = page.waitForRequest(/mesh\.glb\?.*generation=2/);
  await card.getByRole('button', { name: 'Try again' }).click();
  await fetched;
  await expectMeshDrawn(page, 'cup');
});

test('deleting a job on its page asks first and returns to the list', async ({ page, standIn }) => {
  const job = standIn.addJob({ name: 'gone.jpg', objects: [{ box, fails: 'No object found.' }] });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('No jobs yet.')).toBeVisible();
  expect(standIn.jobs.size).toBe(0);
});

const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

const edges = (locator: Locator): Promise<{ top: number; bottom: number }> =>
  locator.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return { top, bottom };
  });

/** Expects that no part of the preview of an object is cut off, and returns its edges. */
async function shownWhole(card: Locator): Promise<{ top: number; bottom: number }> {
  const preview = card.getByRole('img', { name: 'Preview of cup' });
  await expect(preview).toHaveJSProperty('naturalWidth', 512);
  const [picture, around] = [await edges(preview), await edges(card)];
  expect(picture.top).toBeGreaterThanOrEqual(around.top);
  expect(picture.bottom).toBeLessThanOrEqual(around.bottom);
  await expect(preview).toHaveCSS('object-fit', 'contain'); // nor is it cut off within its edges
  return picture;
}

for (const viewport of sizes) {
  test.describe(`at ${viewport.width} × ${viewport.height}`, () => {
    test.use({ viewport, hasTouch: viewport.width < 600 });

    test('a rotated mesh is turned to the front by the button', async ({ page, standIn, hasTouch }) => {
      test.slow();
      const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
      await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
      const card = stage(page, 'cup');
      await expectMeshDrawn(page, 'cup');
      const home = await look(page);
      const shown = await view(page, 'cup').boundingBox();
      if (!shown) throw new Error('no viewer');
      const middle = shown.y + shown.height / 2;
      await page.mouse.move(shown.x + shown.width * 0.6, middle);
      await page.mouse.down();
      await page.mouse.move(shown.x + shown.width * 0.3, middle, { steps: 4 });
      await page.mouse.up();
      await expectChange(page, home, 'turned by the mouse');
      const reset = card.getByRole('button', { name: 'Reset the view' });
      await (hasTouch ? reset.tap() : reset.click());
      await expectSame(page, home, 'the first view');
    });

    test('a preview is shown whole, without WebGL too', async ({ page, standIn }) => {
      await showPreviews(page, standIn);
      const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
      await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
      const card = stage(page, 'cup');
      await expect(card.getByText('WebGL is off')).toBeVisible();
      const { bottom } = await shownWhole(card);
      // The message about WebGL does not cover it either.
      expect(bottom).toBeLessThanOrEqual((await edges(card.locator('.mesh-message'))).top);
    });

    test('a preview is shown whole while its mesh is loaded', async ({ page, standIn }) => {
      await page.route(/\.glb/, () => {}); // is not answered
      const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
      const asked = page.waitForRequest(/\.glb/);
      await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
      await asked;
      await shownWhole(stage(page, 'cup'));
      await page.unrouteAll({ behavior: 'ignoreErrors' });
    });
  });
}

test('a download that fails to start shows a message in its card', async ({
  page,
  context,
  standIn,
  faults,
}) => {
  await showPreviews(page, standIn);
  const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  const card = stage(page, 'cup');
  const splat = (await openDownloads(card)).getByRole('link', { name: /^Splat/ });
  await expect(splat).toBeVisible();
  const address = page.url();
  for (const broken of ['offline', 'refused'] as const) {
    if (broken === 'offline') await context.setOffline(true);
    else
      standIn.failNext(
        /GET .*splat\.ply/,
        403,
        '<Error><Code>AccessDenied</Code></Error>',
        'application/xml',
      );
    await splat.click();
    await expect(card.getByRole('alert')).toContainText('could not be downloaded');
    expect(page.url()).toBe(address);
    await context.setOffline(false);
    const download = page.waitForEvent('download', { timeout: 60_000 });
    await splat.click();
    expect((await download).suggestedFilename()).toBe('splat.ply');
    await expect(page.getByRole('alert')).toHaveCount(0);
  }
  expect(faults).toEqual([]);
});

test('a failure is shown once: above the stage if all objects failed for it, else on the stage of each', async ({
  page,
  standIn,
}) => {
  const lost = 'No object stands out in the box; draw it closer.';
  const cases = [
    { objects: [{ box, fails: lost }], messages: [lost] },
    {
      objects: [
        { box, fails: lost },
        { box, fails: lost },
      ],
      messages: [lost],
    },
    {
      objects: [
        { box, fails: lost },
        { box, fails: 'Box 2 is outside of the photo.' },
      ],
      messages: [lost, 'Box 2 is outside of the photo.'],
    },
    // Its photo never arrived.
    { objects: [{ box }], uploadedAt: 0, messages: ['The photo did not arrive in time; send it again.'] },
  ];
  await openSignedIn(page, standIn);
  for (const { messages, ...job } of cases) {
    const { jobId } = standIn.addJob(job);
    await page.goto(`${standIn.url}/jobs/${jobId}`);
    await expect(page.getByText('No mesh could be made.')).toBeVisible();
    const shown: string[] = [];
    for (const item of await page.getByRole('tab', { name: /^Object/ }).all()) {
      await item.click();
      shown.push(...(await page.locator('main .alert').allTextContents()));
    }
    expect([...new Set(shown)]).toEqual(messages);
    const above = await page.locator('.job-page > .notice .alert').count();
    expect(above).toBe(messages.length === 1 ? 1 : 0);
    if (above === 1) await expect(page.locator('.stage .alert')).toHaveCount(0);
  }
});

test('a job whose photo has not arrived says what to do and when it expires', async ({ page, standIn }) => {
  await openSignedIn(page, standIn);
  const { jobId } = standIn.addJob({ createdAt: Date.now(), uploadedAt: 0 });
  await page.goto(`${standIn.url}/jobs/${jobId}`);
  await expect(page.locator('.job-lead')).toContainText(
    /The photo has not arrived yet\. .* send the photo again; this job expires at \d+:\d\d/,
  );
});

test('a mesh is shown after its file was downloaded', async ({ page, standIn }) => {
  const job = standIn.addJob({ objects: [{ label: 'cup', box }] });
  await openSignedIn(page, standIn, '/');
  // The download's link as the page follows it, before the viewer has fetched anything.
  const link = `${standIn.bucketUrl}/${job.jobId}/1/mesh.glb?X-Amz-Expires=4200&generation=1`;
  const download = page.waitForEvent('download');
  await page.evaluate((url) => window.location.assign(url), link);
  await (await download).path(); // complete, so that the browser's cache has the response
  await page.locator(`a[href="/jobs/${job.jobId}"]`).click();
  await expectMeshDrawn(page, 'cup');
});
