import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { draw, expect, openSignedIn, photo, signIn, signOut, test } from './fixtures.ts';

const choose = (page: Page, ...files: Parameters<ReturnType<Page['getByLabel']>['setInputFiles']>) =>
  page.getByLabel('Drop a photo here').setInputFiles(...files);

test('bad files are refused before anything is sent, each with one message', async ({
  page,
  standIn,
  faults,
}) => {
  await openSignedIn(page, standIn);
  const png = (width: number, height: number): Buffer => {
    const bytes = Buffer.alloc(45);
    Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1').copy(bytes);
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    bytes.write('IEND', 37);
    return bytes;
  };
  const cases: [string, Buffer, RegExp][] = [
    ['words.jpg', Buffer.from('not a photo'), /not a photo that Gen3D can read/],
    ['phone.heic', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0'), /HEIC file/],
    ['empty.png', Buffer.alloc(0), /empty/],
    ['bomb.png', png(60_000, 60_000), /50 megapixels/],
    ['dot.png', png(10, 10), /at least 64/],
    ['damaged.png', png(200, 200), /damaged/],
  ];
  for (const [name, buffer, message] of cases) {
    await choose(page, { name, mimeType: 'image/png', buffer });
    await expect(page.getByRole('alert')).toHaveText(message);
    await expect(page.getByRole('alert')).toHaveCount(1);
  }
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([new Uint8Array(25 * 1024 * 1024)], 'huge.jpg'));
    window.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
  });
  await expect(page.getByRole('alert')).toHaveText(/is 25 MB; the limit is 20 MB/);
  expect(standIn.requests.filter((line) => line.startsWith('POST /api'))).toEqual([]);
  await choose(page, photo('cat.jpg'));
  await expect(page.getByRole('alert')).toHaveCount(0);
  expect(faults).toEqual([]);
});

test('a photo can be dropped and pasted', async ({ page, standIn }) => {
  await openSignedIn(page, standIn);
  await expect(page.getByLabel('Drop a photo here')).toBeAttached();
  const bytes = [...(await readFile(photo('cat.webp')))];
  const bring = (kind: 'drop' | 'paste') =>
    page.evaluate(
      ([type, content]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(content as number[])], `by-${type}.webp`));
        window.dispatchEvent(
          type === 'drop'
            ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
            : new ClipboardEvent('paste', { clipboardData: data, bubbles: true }),
        );
      },
      [kind, bytes] as const,
    );
  await bring('drop');
  await expect(page.getByRole('heading', { name: 'by-drop.webp' })).toBeVisible();
  await bring('paste');
  await expect(page.getByRole('heading', { name: 'by-paste.webp' })).toBeVisible();
});

test('a refused upload keeps the boxes, deletes the job and can be retried', async ({
  page,
  standIn,
  faults,
}) => {
  await openSignedIn(page, standIn);
  await choose(page, photo('coffee.jpg'));
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await page.getByLabel('Label of object 1').fill('cup');
  standIn.failNext(
    /^POST \/$/,
    403,
    '<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>',
    'application/xml',
  );
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await expect(page.getByRole('alert')).toContainText('your boxes are kept');
  await expect.poll(() => standIn.jobs.size).toBe(0);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.waitForURL(/\/jobs\/\w{26}$/);
  expect(standIn.lastRequests.get('create')).toEqual({
    name: 'coffee.jpg',
    contentType: 'image/jpeg',
    bytes: 64474,
    width: 600,
    height: 400,
    objects: [{ label: 'cup', box: [60, 40, 240, 200] }],
    options: { seed: 0, formats: ['glb', 'ply', 'splat', 'spz'], quality: 'standard' },
  });
  expect(faults).toEqual([]);
});

test('a refusal by the service is shown with its message', async ({ page, standIn }) => {
  await openSignedIn(page, standIn);
  await choose(page, photo('coffee.jpg'));
  standIn.failNext(/^POST \/api\/jobs$/, 429, {
    title: 'Too many jobs',
    status: 429,
    code: 'too_many_unfinished_jobs',
    detail: '20 of your jobs are unfinished; wait for one to end.',
  });
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await expect(page.getByRole('alert')).toContainText('20 of your jobs are unfinished');
});

test('an expired session leads to the sign-in and back, with the boxes', async ({ page, standIn }) => {
  await signIn(page, standIn.url);
  await choose(page, photo('coffee.jpg'));
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await page.getByText('Options').click();
  await page.getByLabel('Seed').fill('7');
  await page.getByLabel(/^Splat/).uncheck();
  // The list asks the service at intervals: it could be told of the end before the click.
  await page.route('**/api/jobs?*', () => undefined);
  standIn.issuer.endSessions();
  standIn.issuer.refreshes = false;
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await page.getByRole('link', { name: 'testuser001' }).click();
  await expect(page.locator('.object-place span:first-child')).toHaveText(['60, 40 – 240, 200']);
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await page.waitForURL(/\/jobs\/\w{26}$/);
  expect(standIn.lastRequests.get('create')).toMatchObject({
    options: { seed: 7, formats: ['glb', 'ply', 'spz'] },
  });
});

test('an expired token is renewed silently', async ({ page, standIn }) => {
  await signIn(page, standIn.url);
  await expect(page.getByText('No jobs yet.')).toBeVisible();
  standIn.issuer.endSessions();
  standIn.addJob({ name: 'later.jpg' });
  await page.reload();
  await expect(page.getByRole('link', { name: 'later.jpg' })).toBeVisible();
});

test('signing out ends the session; a job’s URL asks for a sign-in and returns', async ({
  page,
  standIn,
}) => {
  const job = standIn.addJob({
    name: 'mine.jpg',
    objects: [{ box: [10, 10, 200, 200], fails: 'No object found.' }],
  });
  await signIn(page, standIn.url);
  await signOut(page);
  await signIn(page, standIn.url, `/jobs/${job.jobId}`);
  await expect(page.getByRole('heading', { name: 'mine.jpg' })).toBeVisible();
});

test('the list grows, and updates unfinished jobs', async ({ page, standIn, faults }) => {
  const now = Date.now();
  for (let i = 0; i < 30; i += 1)
    standIn.addJob({ createdAt: now - 1000 * i - 60_000, name: `photo ${i}.jpg` });
  const running = standIn.addJob({ createdAt: now, uploadedAt: now + 3_600_000, name: 'running.jpg' });
  await openSignedIn(page, standIn);
  const cards = page.locator('.job-list:not(.skeleton) .job-card');
  await expect(cards).toHaveCount(24);
  await expect(cards.first()).toContainText('running.jpg');
  await expect(cards.first()).toContainText('Waiting');
  await cards.last().scrollIntoViewIfNeeded();
  await expect(cards).toHaveCount(31);
  await expect(page.getByRole('button', { name: 'Show more jobs' })).toBeHidden();
  running.uploadedAt = now - 3_600_000;
  await expect(cards.first()).toContainText('Done');
  expect(faults).toEqual([]);
});

test('a missing job shows a message and a link back', async ({ page, standIn, faults }) => {
  await openSignedIn(page, standIn, '/jobs/00000000000000000000000000');
  await expect(page.getByRole('heading', { name: 'Job not found' })).toBeVisible();
  await page.getByRole('link', { name: 'Go to your jobs' }).click();
  await expect(page.getByRole('heading', { name: 'Make meshes from a photo' })).toBeVisible();
  await page.goto(`${standIn.url}/nowhere`);
  await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
  expect(faults).toEqual([]);
});

test('an unexpected error is shown', async ({ page, standIn }) => {
  await openSignedIn(page, standIn);
  await page.evaluate(() => void Promise.reject(new Error('surprise')));
  await expect(page.getByRole('alert')).toContainText('Something went wrong on this page');
});
