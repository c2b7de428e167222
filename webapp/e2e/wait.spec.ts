import type { Page } from '@playwright/test';
import type { Waiting } from '../src/api.ts';
import { expect, openSignedIn, test } from './fixtures.ts';
import { setHidden, standInForNotifications } from './notifications.ts';

const minute = 60_000;
const overdue = 'This takes longer than usual; you can close this page, and we will email you.';

/** A job whose photo arrived some minutes ago and that waits. */
const queued = (waiting?: Waiting, minutesAgo = 0) => {
  const arrived = Date.now() - minutesAgo * minute;
  return {
    createdAt: arrived,
    uploadedAt: arrived,
    objects: [
      { box: [120, 60, 420, 320], fails: 'No object stands out in box 1.' },
      { box: [9, 9, 99, 99], fails: 'No object stands out in box 2.' },
    ],
    waiting,
  };
};
const end = (job: { waiting?: Waiting | undefined; uploadedAt: number }): void => {
  job.waiting = undefined;
  job.uploadedAt -= 60 * minute;
};
/** Shows the tab, which makes the page poll at once. */
const poll = (page: Page) => setHidden(page, false);
const state = (page: Page) => page.locator('.job-state');

/** Collects what the page's live region says. */
const listen = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const heard: string[] = [];
    const region = document.querySelector('#page > [role=status]');
    if (!region) throw new Error('no live region');
    const observer = new MutationObserver(() => {
      if (region.textContent) heard.push(region.textContent);
    });
    observer.observe(region, { childList: true, characterData: true, subtree: true });
    Object.assign(window, { heard });
  });
const heard = (page: Page): Promise<string[]> =>
  page.evaluate(() => (window as unknown as { heard: string[] }).heard);

test('a queued job says what it waits for, and for how long', async ({ page, standIn, faults }) => {
  const cases: [Waiting | undefined, string][] = [
    [undefined, 'The photo has arrived. 2 objects are waiting in the queue.'],
    [{ reason: 'instance', objectsAhead: 0 }, 'The GPU is starting. The first start takes a few minutes.'],
    [
      { reason: 'instance', objectsAhead: 0, estimatedSeconds: 235 },
      'Waiting for the GPU to start: about 4 minutes.',
    ],
    [
      { reason: 'instance', objectsAhead: 2, estimatedSeconds: 355 },
      'Waiting for the GPU to start; 2 objects of earlier jobs go first: about 6 minutes.',
    ],
    [{ reason: 'jobs', objectsAhead: 3 }, '3 objects of earlier jobs go first.'],
    [
      { reason: 'jobs', objectsAhead: 3, estimatedSeconds: 295 },
      '3 objects of earlier jobs go first: about 5 minutes.',
    ],
    [
      { reason: 'jobs', objectsAhead: 1, estimatedSeconds: 20 },
      '1 object of an earlier job goes first: less than a minute.',
    ],
    [{ reason: 'jobs', objectsAhead: 0, estimatedSeconds: 20 }, 'This job is next: less than a minute.'],
    [{ reason: 'instance', objectsAhead: 0, estimatedSeconds: 0 }, overdue],
  ];
  // A job that has just arrived and is neither delayed nor started.
  standIn.pace = 60 * minute;
  await page.clock.setFixedTime(Date.now());
  await openSignedIn(page, standIn);
  for (const [waiting, sentence] of cases) {
    const { jobId } = standIn.addJob(queued(waiting));
    await page.goto(`${standIn.url}/jobs/${jobId}`);
    await expect(state(page)).toHaveText(sentence);
    await expect(page.locator('.job-submitted')).toContainText('Sent just now, standard quality, seed 0.');
    await expect(page.locator('.job-title .chip')).toHaveText('Waiting');
  }
  expect(faults).toEqual([]);
});

test('the estimate counts down; a screen reader hears a new reason, not the minutes', async ({
  page,
  standIn,
  faults,
}) => {
  const start = Date.now();
  /** Lets time pass on the page. */
  const pass = (ms: number) => page.clock.setFixedTime(start + ms);
  await pass(0);
  const job = standIn.addJob(queued({ reason: 'instance', objectsAhead: 2, estimatedSeconds: 240 }, 3));
  const ahead = 'Waiting for the GPU to start; 2 objects of earlier jobs go first';
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expect(state(page)).toHaveText(`${ahead}: about 4 minutes.`);
  await expect(page.locator('.job-submitted')).toContainText('Sent 3 minutes ago');
  await listen(page);

  // A slightly longer time, which the page does not show.
  job.waiting = { reason: 'instance', objectsAhead: 2, estimatedSeconds: 212 };
  await pass(minute);
  await expect(state(page)).toHaveText(`${ahead}: about 3 minutes.`);
  await expect(page.locator('.job-submitted')).toContainText('Sent 4 minutes ago');
  const response = page.waitForResponse(`**/api/jobs/${job.jobId}`);
  await poll(page);
  await (await response).finished();
  await pass(minute + 1000);
  await expect(state(page)).toHaveText(`${ahead}: about 3 minutes.`);
  expect(await heard(page)).toEqual([]);

  const first = '2 objects of earlier jobs go first: about 2 minutes.';
  job.waiting = { reason: 'jobs', objectsAhead: 2, estimatedSeconds: 110 };
  await poll(page);
  await expect(state(page)).toHaveText(first);
  job.waiting = { reason: 'jobs', objectsAhead: 1 };
  await poll(page);
  await expect(state(page)).toHaveText('1 object of an earlier job goes first: about 2 minutes.');
  expect(await heard(page)).toEqual([first]);

  await pass(4 * minute);
  await expect(state(page)).toHaveText(overdue);
  await expect.poll(() => heard(page)).toEqual([first, overdue]);

  end(job);
  await poll(page);
  await expect(state(page)).toHaveText('No mesh could be made.');
  await expect
    .poll(() => heard(page))
    .toEqual([first, overdue, 'Object 1 and Object 2 failed. No mesh could be made.']);
  expect(faults).toEqual([]);
});

const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

for (const viewport of sizes) {
  test.describe(`at ${viewport.width} × ${viewport.height}`, () => {
    test.use({ viewport, hasTouch: viewport.width < 600 });

    test('no sentence of the wait moves what is below it', async ({ page, standIn }) => {
      await standInForNotifications(page, 'granted');
      const start = Date.now();
      await page.clock.setFixedTime(start);
      const job = standIn.addJob(queued({ reason: 'instance', objectsAhead: 0 }, 12));
      await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
      await expect(state(page)).toContainText('The first start takes a few minutes.');
      const places = () =>
        page.evaluate(() =>
          ['.job-body', '.notify'].map((selector) => {
            const element = document.querySelector<HTMLElement>(selector);
            const { left = 0, top = 0 } = element?.getBoundingClientRect() ?? {};
            return { selector, left, top };
          }),
        );
      const [body, button] = await places();
      const look = async (sentence: string): Promise<void> => {
        await poll(page);
        await expect(state(page)).toHaveText(sentence);
        expect(await places(), sentence).toEqual([body, button]);
      };
      await look('The GPU is starting. The first start takes a few minutes.');
      job.waiting = { reason: 'instance', objectsAhead: 12, estimatedSeconds: 595 };
      await look('Waiting for the GPU to start; 12 objects of earlier jobs go first: about 10 minutes.');
      job.waiting = { reason: 'jobs', objectsAhead: 1, estimatedSeconds: 30 };
      await look('1 object of an earlier job goes first: less than a minute.');
      await page.getByRole('button', { name: 'Notify me when it is done' }).click();
      job.waiting = { reason: 'jobs', objectsAhead: 1 };
      await page.clock.setFixedTime(start + 2 * minute);
      await look(overdue);
      job.waiting = { reason: 'jobs', objectsAhead: 0, estimatedSeconds: 50 };
      await look('This job is next: less than a minute.');
      end(job);
      await poll(page);
      await expect(state(page)).toHaveText('No mesh could be made.');
      expect((await places())[0]).toEqual(body);
    });
  });
}
