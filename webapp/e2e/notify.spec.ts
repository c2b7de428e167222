import type { Page } from '@playwright/test';
import { expect, openSignedIn, test } from './fixtures.ts';
import { askedOn, clickNotification, setHidden, shownOn, standInForNotifications } from './notifications.ts';

const lost = 'No object stands out in the box.';
const queued = () => {
  const now = Date.now();
  return {
    createdAt: now,
    uploadedAt: now,
    name: 'coffee.jpg',
    objects: [{ box: [120, 60, 420, 320] }, { box: [9, 9, 99, 99], fails: lost }],
    waiting: { reason: 'instance', objectsAhead: 0, estimatedSeconds: 240 } as const,
  };
};
/** Makes a queued job end: its first object succeeds, its second fails. */
const end = (job: { waiting?: unknown; uploadedAt: number }): void => {
  job.waiting = undefined;
  job.uploadedAt -= 3_600_000;
};
const notifyMe = (page: Page) => page.getByRole('button', { name: 'Notify me when it is done' });

test('a job that ends while the tab is hidden is notified, if the user has asked for it', async ({
  page,
  standIn,
  faults,
}) => {
  await standInForNotifications(page, 'granted');
  const job = standIn.addJob(queued());
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expect(notifyMe(page)).toHaveAttribute('aria-pressed', 'false');
  expect(await askedOn(page)).toBe(0);
  await notifyMe(page).click();
  await expect(notifyMe(page)).toHaveAttribute('aria-pressed', 'true');
  expect(await askedOn(page)).toBe(1);

  await setHidden(page, true);
  end(job);
  await expect
    .poll(() => shownOn(page))
    .toEqual([{ title: 'coffee.jpg', body: '1 mesh is ready; 1 object failed.', tag: job.jobId }]);
  await expect(notifyMe(page)).toBeHidden();

  await setHidden(page, false);
  await page.getByRole('link', { name: 'All jobs' }).click();
  await expect(page.getByRole('heading', { name: 'Your jobs' })).toBeVisible();
  await clickNotification(page);
  await page.waitForURL(`${standIn.url}/jobs/${job.jobId}`);
  expect(faults).toEqual([]);
});

test('the choice is remembered and can be undone; a job that the user looks at is not notified', async ({
  page,
  standIn,
}) => {
  await standInForNotifications(page, 'granted');
  const jobs = [standIn.addJob(queued()), standIn.addJob(queued())];
  await openSignedIn(page, standIn, `/jobs/${jobs[0]?.jobId}`);
  await notifyMe(page).click();
  await expect(notifyMe(page)).toHaveAttribute('aria-pressed', 'true');
  await page.goto(`${standIn.url}/jobs/${jobs[1]?.jobId}`);
  await expect(notifyMe(page)).toHaveAttribute('aria-pressed', 'true');
  expect(await askedOn(page)).toBe(0);

  if (jobs[1]) end(jobs[1]);
  await setHidden(page, false);
  await expect(page.getByText('1 mesh is ready; 1 object failed.').first()).toBeVisible();
  expect(await shownOn(page)).toEqual([]);

  await page.goto(`${standIn.url}/jobs/${jobs[0]?.jobId}`);
  await notifyMe(page).click();
  await expect(notifyMe(page)).toHaveAttribute('aria-pressed', 'false');
  await page.reload();
  await expect(notifyMe(page)).toHaveAttribute('aria-pressed', 'false');
});

test('a refusal is said, and the button is absent afterwards', async ({ page, standIn }) => {
  await standInForNotifications(page, 'denied');
  const job = standIn.addJob(queued());
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await notifyMe(page).click();
  await expect(page.getByRole('button', { name: 'Blocked by the browser' })).toBeDisabled();
  await expect(page.getByRole('status').last()).toHaveText(
    'Your browser blocks notifications from this page. Allow them in its settings.',
  );
  await page.reload();
  await expect(page.locator('.job-state')).toContainText('Waiting for the GPU');
  await expect(page.locator('.notify')).toBeHidden();
});

for (const device of ['browser without notifications', 'phone'] as const) {
  test(`the button is absent on a ${device}`, async ({ page, standIn, faults }) => {
    if (device === 'phone') await standInForNotifications(page, 'granted', 'phone');
    else
      await page.addInitScript(() => {
        delete (window as { Notification?: unknown }).Notification;
      });
    const job = standIn.addJob(queued());
    await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
    await expect(page.locator('.job-state')).toContainText('Waiting for the GPU');
    await expect(page.locator('.notify')).toBeHidden();
    expect(faults).toEqual([]);
  });
}

test('a finished job has no button', async ({ page, standIn }) => {
  await standInForNotifications(page, 'granted');
  const job = standIn.addJob({ objects: [{ box: [9, 9, 99, 99], fails: lost }] });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expect(page.locator('.job-state')).toHaveText('No mesh could be made.');
  await expect(page.locator('.notify')).toBeHidden();
});
