import type { Page } from '@playwright/test';
import { expect, openSignedIn, test } from './fixtures.ts';

const box = [120, 60, 420, 320];
const cards = (page: Page) => page.locator('.job-list:not(.skeleton) .job-card');
const names = (page: Page) => cards(page).locator('h3');

/** Whether the picture of a card is shown, by its pixels. */
const pictures = (page: Page) =>
  cards(page)
    .locator('img')
    .evaluateAll((images) => images.filter((image) => (image as HTMLImageElement).naturalWidth > 0).length);

/** Scrolls down until the list has so many cards. */
async function grow(page: Page, count: number): Promise<void> {
  for (let there = 0; there < count; there = await cards(page).count())
    await expect
      .poll(
        async () => {
          await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
          return cards(page).count();
        },
        { intervals: [100] },
      )
      .toBeGreaterThan(there);
  await expect(cards(page)).toHaveCount(count);
}

test('the list reports that the service is unavailable and recovers automatically', async ({
  page,
  standIn,
}) => {
  standIn.away = true;
  await openSignedIn(page, standIn);
  await expect(page.getByRole('alert')).toContainText('Try again in a minute');
  standIn.away = false;
  await expect(page.getByText('No jobs yet.')).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('jobs created elsewhere appear while all listed jobs are finished', async ({ page, standIn }) => {
  standIn.addJob({ name: 'first.jpg' });
  await page.clock.install();
  await openSignedIn(page, standIn);
  await expect(names(page)).toHaveText(['first.jpg']);
  standIn.addJob({ name: 'copied in.jpg', createdAt: Date.now() });
  await page.clock.runFor(60_000);
  await expect(names(page)).toHaveText(['copied in.jpg', 'first.jpg']);
  // More than a page of them, while what was listed before keeps its position.
  for (let i = 1; i <= 30; i += 1)
    standIn.addJob({ name: `bulk ${i}.jpg`, createdAt: Date.now() + i * 1000 });
  await page.clock.runFor(60_000);
  await grow(page, 32);
  await expect(names(page)).toHaveText([
    ...Array.from({ length: 30 }, (_, at) => `bulk ${30 - at}.jpg`),
    'copied in.jpg',
    'first.jpg',
  ]);
});

test('cards are in groups of whole rows, and one that moves to another group keeps the focus', async ({
  page,
  standIn,
}) => {
  const old = (n: number): string => `old ${n}.jpg`;
  for (let i = 1; i <= 23; i += 1) standIn.addJob({ name: old(i), createdAt: Date.now() - i * 60_000 });
  await page.clock.install();
  await openSignedIn(page, standIn);
  await expect(cards(page)).toHaveCount(23);
  const groups = () =>
    page
      .locator('.job-list:not(.skeleton) .job-group')
      .evaluateAll((all) => all.map((group) => group.childElementCount));
  expect(await groups()).toEqual([12, 11]);
  const twelfth = page.getByRole('link', { name: old(12), exact: true });
  await twelfth.focus();
  standIn.addJob({ name: 'new.jpg', createdAt: Date.now() });
  await page.clock.runFor(60_000);
  const all = ['new.jpg', ...Array.from({ length: 23 }, (_, at) => old(at + 1))];
  await expect(names(page)).toHaveText(all);
  expect(await groups()).toEqual([12, 12]);
  await expect(twelfth).toBeFocused();
  await page.getByRole('button', { name: 'Delete new.jpg' }).click();
  await expect(names(page)).toHaveText(all.slice(1));
  expect(await groups()).toEqual([12, 11]);
});

test.describe('in a long list', () => {
  test.use({ viewport: { width: 390, height: 844 } });

  const outside = { code: 'box_outside', message: 'Box 1 is not inside the photo.', isPicture: true };
  for (const [what, job, kinds] of [
    ['previews', {}, ['photo', 'mesh']],
    ['photos of failed jobs without a thumbnail', { refused: outside }, ['photo']],
  ] as const)
    test(`${what} are loaded in view only, and shown there after more than an hour`, async ({
      page,
      standIn,
    }) => {
      for (let i = 0; i < 72; i += 1) standIn.addJob({ ...job, createdAt: Date.now() - i * 60_000 });
      await page.clock.install();
      await openSignedIn(page, standIn);
      await expect(cards(page)).toHaveCount(24);
      await expect.poll(() => pictures(page)).toBeGreaterThan(0);
      await expect(cards(page).last().locator('img')).toHaveCount(0);
      standIn.linkGeneration += 1;
      await page.clock.fastForward('02:00:00');
      await page.clock.runFor(60_000);
      await cards(page).nth(23).scrollIntoViewIfNeeded();
      for (const kind of kinds)
        await expect(cards(page).nth(23).locator(`.job-${kind} img`)).not.toHaveJSProperty('naturalWidth', 0);
    });
});

for (const viewport of [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]) {
  test.describe(`at ${viewport.width} × ${viewport.height}`, () => {
    test.use({ viewport });

    test('going back from a job restores the length and the position of the list', async ({
      page,
      standIn,
    }) => {
      for (let i = 0; i < 60; i += 1)
        standIn.addJob({
          createdAt: Date.now() - i * 60_000,
          name: `photo ${i}.jpg`,
          objects: [{ box, fails: 'No object found.' }],
        });
      await openSignedIn(page, standIn);
      await grow(page, 60);
      const opened = cards(page).nth(41);
      const top = () => opened.evaluate((element) => Math.round(element.getBoundingClientRect().top));
      for (const way of ['back', 'All jobs'] as const) {
        await opened.evaluate((element) => element.scrollIntoView({ block: 'center' }));
        const before = await top();
        await opened.getByRole('link').click();
        await expect(page.getByRole('heading', { level: 1, name: 'photo 41.jpg' })).toBeVisible();
        if (way === 'back') await page.goBack();
        else await page.getByRole('link', { name: way }).click();
        await expect(cards(page)).toHaveCount(60);
        await expect.poll(top).toBe(before);
        await expect(opened.getByRole('link')).toBeFocused();
      }
      // A job that was deleted on its own page is removed from the list at once.
      await opened.getByRole('link').click();
      await expect(page.getByRole('heading', { level: 1, name: 'photo 41.jpg' })).toBeVisible();
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await expect(cards(page)).toHaveCount(59);
      await expect(names(page).getByText('photo 41.jpg', { exact: true })).toHaveCount(0);
      await expect(cards(page).nth(41)).toBeInViewport();
    });

    test('a failed job shows its photo and why it failed', async ({ page, standIn }) => {
      const lost = 'No object stands out in the box; draw it closer.';
      standIn.addJob({
        name: 'alike.jpg',
        objects: [
          { box, fails: lost },
          { box, fails: lost },
        ],
      });
      standIn.addJob({ name: 'no photo.jpg', uploadedAt: 0 });
      standIn.addJob({
        name: 'mixed.jpg',
        objects: [
          { box, fails: lost },
          { box, fails: 'Too slow.' },
        ],
      });
      // No object of these began, so that they have no thumbnail.
      const outside = 'Box 1 is not inside the photo, which has 600 × 400 pixels.';
      standIn.addJob({
        name: 'refused.jpg',
        refused: { code: 'box_outside', message: outside, isPicture: true },
      });
      standIn.addJob({
        name: 'text.jpg',
        refused: { code: 'not_an_image', message: 'The file is not a picture.', isPicture: false },
      });
      await openSignedIn(page, standIn);
      const card = (name: string) => cards(page).filter({ hasText: name });
      await expect(card('alike.jpg')).toContainText(lost);
      await expect(card('no photo.jpg')).toContainText('The photo did not arrive in time');
      await expect(card('mixed.jpg')).toContainText('for different reasons');
      await expect(card('refused.jpg')).toContainText(outside);
      await expect(card('text.jpg')).toContainText('The file is not a picture.');
      // The photo itself, which only a job without a thumbnail loads.
      for (const [name, width] of [
        ['refused.jpg', 600],
        ['alike.jpg', 192],
        ['mixed.jpg', 192],
      ] as const) {
        await card(name).scrollIntoViewIfNeeded();
        await expect(card(name).locator('.job-photo img')).toHaveJSProperty('naturalWidth', width);
      }
      for (const name of ['no photo.jpg', 'text.jpg']) await expect(card(name).locator('img')).toHaveCount(0);
      expect(standIn.requests.filter((line) => /^GET \/\w+\/photo\?/.test(line))).toHaveLength(1);
    });
  });
}

test('a page of the list that cannot be loaded shows a visible message', async ({
  page,
  context,
  standIn,
}) => {
  for (let i = 0; i < 30; i += 1) standIn.addJob({ createdAt: Date.now() - i * 60_000 });
  await page.clock.install();
  await openSignedIn(page, standIn);
  await expect(cards(page)).toHaveCount(24);
  // The list's own polls, which the stopped clock prevents, have a separate notice.
  await page.clock.pauseAt(Date.now() + 60_000);
  await context.setOffline(true);
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
  await expect(page.getByRole('alert')).toContainText('Gen3D cannot be reached');
  await expect(page.getByRole('alert')).toBeInViewport({ ratio: 1 });
  await context.setOffline(false);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(cards(page)).toHaveCount(30);
});

test('the button loads more for the keyboard, and the focus follows', async ({ page, standIn }) => {
  for (let i = 0; i < 60; i += 1)
    standIn.addJob({ createdAt: Date.now() - i * 60_000, name: `photo ${i}.jpg` });
  // Without it, the list does not grow while scrolling.
  await page.addInitScript(() => Reflect.deleteProperty(window, 'IntersectionObserver'));
  await openSignedIn(page, standIn);
  await expect(cards(page)).toHaveCount(24);
  await page.getByRole('button', { name: 'Show more jobs' }).press('Enter');
  await expect(cards(page)).toHaveCount(48);
  await expect(page.getByRole('link', { name: 'photo 24.jpg' })).toBeFocused();
  await page.getByRole('button', { name: 'Show more jobs' }).press('Enter');
  await expect(cards(page)).toHaveCount(60);
  await expect(page.getByRole('button', { name: 'Show more jobs' })).toBeHidden();
  await expect.poll(() => pictures(page)).toBeGreaterThan(0);
});

test('a search finds names and labels in the whole list, and stays after a visit to a job', async ({
  page,
  standIn,
}) => {
  const now = Date.now();
  const labeled = (label: string) => [{ label, box: [9, 9, 99, 99], fails: 'No object found.' }];
  for (let i = 0; i < 500; i += 1)
    standIn.addJob({ createdAt: now - i * 60_000, name: `photo ${i}.jpg`, objects: labeled('cup') });
  standIn.addJob({ createdAt: now - 600 * 60_000, name: 'Küche.jpg', objects: labeled('sugar bowl') });
  await openSignedIn(page, standIn);
  await expect(cards(page).first()).toBeVisible();
  const before = standIn.requests.length;
  const search = page.getByRole('searchbox', { name: 'Search your jobs by photo name or label' });
  await search.fill('bowl');
  await expect(names(page)).toHaveText(['Küche.jpg']);
  await expect(page.getByText('1 job found', { exact: true })).toBeVisible();
  await expect(cards(page).first()).toContainText('Failed');
  const reads = standIn.requests.slice(before).filter((line) => line.startsWith('GET /api/jobs?'));
  expect(reads.length).toBeLessThan(8);
  // All have been read, so that another search needs no request.
  await search.fill('kuche');
  await expect(names(page)).toHaveText(['Küche.jpg']);
  await cards(page).getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Küche.jpg' })).toBeVisible();
  await page.goBack();
  await expect(search).toHaveValue('kuche');
  await expect(names(page)).toHaveText(['Küche.jpg']);
  await search.fill('nothing like it');
  await expect(page.getByText('No jobs match your search.')).toBeVisible();
  await page.getByRole('button', { name: 'Show all jobs' }).click();
  await expect(names(page).first()).toHaveText('photo 0.jpg');
  await expect(search).toBeFocused();
});

test('the list can be narrowed to a state, which follows the jobs', async ({ page, standIn }) => {
  const now = Date.now();
  standIn.addJob({ createdAt: now - 3000, name: 'done.jpg' });
  standIn.addJob({ createdAt: now - 2000, name: 'failed.jpg', objects: [{ box, fails: 'Too slow.' }] });
  const running = standIn.addJob({ createdAt: now, uploadedAt: now + 3_600_000, name: 'running.jpg' });
  await openSignedIn(page, standIn);
  const show = page.getByRole('combobox', { name: 'Filter jobs by state' });
  await show.selectOption('Failed');
  await expect(names(page)).toHaveText(['failed.jpg']);
  await show.selectOption('Unfinished');
  await expect(names(page)).toHaveText(['running.jpg']);
  running.uploadedAt = now - 3_600_000;
  await expect(page.getByText('No jobs match your search.')).toBeVisible();
  await show.selectOption('All jobs');
  await expect(names(page)).toHaveText(['running.jpg', 'failed.jpg', 'done.jpg']);
});

test.describe('deletion', () => {
  const deletions = (standIn: { requests: string[] }) =>
    standIn.requests.filter((line) => line.startsWith('DELETE')).length;

  test('can be undone until its time has passed', async ({ page, standIn }) => {
    for (let i = 0; i < 4; i += 1)
      standIn.addJob({ createdAt: Date.now() - i * 60_000, name: `photo ${i}.jpg` });
    await page.clock.install();
    await openSignedIn(page, standIn);
    await expect(cards(page)).toHaveCount(4);
    // Time passes only where the test says so.
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.getByRole('button', { name: 'Delete photo 1.jpg' }).click();
    await expect(names(page)).toHaveText(['photo 0.jpg', 'photo 2.jpg', 'photo 3.jpg']);
    await expect(page.getByText('photo 1.jpg deleted.', { exact: true })).toBeVisible();
    await page.clock.runFor(9000);
    expect(deletions(standIn)).toBe(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(names(page)).toHaveText(['photo 0.jpg', 'photo 1.jpg', 'photo 2.jpg', 'photo 3.jpg']);
    await page.clock.runFor(30_000);
    expect(deletions(standIn)).toBe(0);
    // By keyboard, the focus goes to the button and the time stands still.
    await page.getByRole('button', { name: 'Delete photo 1.jpg' }).press('Enter');
    const undo = page.getByRole('button', { name: 'Undo' });
    await expect(undo).toBeFocused();
    await page.clock.runFor(30_000);
    await expect(undo).toBeVisible();
    await undo.press('Enter');
    await expect(page.getByRole('link', { name: 'photo 1.jpg' })).toBeFocused();
    await page.getByRole('button', { name: 'Delete photo 2.jpg' }).click();
    await page.mouse.move(0, 0);
    await page.clock.runFor(11_000);
    await expect(undo).toBeHidden();
    await expect.poll(() => deletions(standIn)).toBe(1);
    expect([...standIn.jobs.values()].map(({ name }) => name)).not.toContain('photo 2.jpg');
  });

  for (const way of ['another view', 'another site', 'sign-out'] as const) {
    test(`is completed when the page is left for ${way}`, async ({ page, standIn }) => {
      standIn.addJob({ name: 'kept.jpg' });
      standIn.addJob({ name: 'gone.jpg', createdAt: Date.now() });
      await page.clock.install();
      await openSignedIn(page, standIn);
      await expect(cards(page)).toHaveCount(2);
      await page.clock.pauseAt(Date.now() + 60_000);
      await page.getByRole('button', { name: 'Delete gone.jpg' }).click();
      await expect(cards(page)).toHaveCount(1);
      expect(deletions(standIn)).toBe(0);
      if (way === 'another view') await page.getByRole('link', { name: 'kept.jpg' }).click();
      else if (way === 'another site') await page.goto('about:blank');
      else await page.getByRole('button', { name: 'Sign out' }).click();
      await expect.poll(() => standIn.jobs.size).toBe(1);
      expect(deletions(standIn)).toBe(1);
    });
  }

  test('that fails shows the job again, and can be repeated', async ({ page, standIn }) => {
    standIn.addJob({ name: 'stubborn.jpg' });
    standIn.addJob({ name: 'other.jpg', createdAt: Date.now() });
    await page.clock.install();
    await openSignedIn(page, standIn);
    standIn.failNext(/^DELETE/, 503, { title: 'Busy', status: 503, code: 'busy', detail: 'Gen3D is busy.' });
    await page.getByRole('button', { name: 'Delete stubborn.jpg' }).click();
    await page.mouse.move(0, 0);
    await page.clock.runFor(11_000);
    await expect(page.getByRole('alert')).toContainText('stubborn.jpg could not be deleted. Gen3D is busy.');
    await expect(cards(page)).toHaveCount(2);
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(cards(page)).toHaveCount(1);
    await expect.poll(() => standIn.jobs.size).toBe(1);
    await expect(page.getByRole('alert')).toHaveCount(0);
  });

  test('of many selected jobs', async ({ page, standIn }) => {
    for (let i = 0; i < 30; i += 1)
      standIn.addJob({ createdAt: Date.now() - i * 60_000, name: `photo ${i}.jpg` });
    await page.clock.install();
    await openSignedIn(page, standIn);
    await grow(page, 30);
    const select = page.getByRole('button', { name: 'Select', exact: true });
    await select.click();
    await page.getByRole('checkbox', { name: 'Select photo 3.jpg' }).check();
    // The whole card is the checkbox's label.
    await cards(page).nth(5).click();
    await expect(page).toHaveURL(`${standIn.url}/`);
    await expect(page.getByText('2 selected')).toBeVisible();
    await page.clock.pauseAt(Date.now() + 600_000);
    await page.getByRole('button', { name: 'Delete 2 jobs', exact: true }).click();
    await expect(cards(page)).toHaveCount(28);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(cards(page)).toHaveCount(30);
    await page.clock.resume();
    await select.click();
    await page.getByRole('button', { name: 'Select all 30' }).click();
    await expect(page.getByRole('checkbox', { checked: true })).toHaveCount(30);
    await page.getByRole('checkbox', { name: 'Select photo 0.jpg' }).uncheck();
    await page.getByRole('button', { name: 'Delete 29 jobs' }).click();
    await expect(names(page)).toHaveText(['photo 0.jpg']);
    await page.mouse.move(0, 0);
    await page.clock.runFor(11_000);
    await expect.poll(() => standIn.jobs.size).toBe(1);
    await select.click();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('checkbox')).toHaveCount(0);
    await expect(select).toBeFocused();
  });
});

test('a selection begins in the cards in view, however many there are, and the others follow', async ({
  page,
  standIn,
}) => {
  for (let i = 0; i < 120; i += 1)
    standIn.addJob({ createdAt: Date.now() - i * 60_000, name: `photo ${i}.jpg` });
  // The browser is idle when the test says so.
  await page.addInitScript(() => {
    const waiting: (() => void)[] = [];
    Object.assign(window, {
      requestIdleCallback: (run: () => void) => waiting.push(run),
      idle: () => {
        for (let run = waiting.shift(); run; run = waiting.shift()) run();
      },
    });
  });
  await openSignedIn(page, standIn);
  await grow(page, 120);
  await page.evaluate(() => window.scrollTo(0, 0));
  await expect(cards(page).first()).toBeInViewport();
  const selecting = page.locator('.job-group.is-selecting');
  const idle = () => page.evaluate(() => (window as unknown as { idle(): void }).idle());
  await page.getByRole('button', { name: 'Select', exact: true }).click();
  const first = page.getByRole('checkbox', { name: 'Select photo 0.jpg' });
  await expect(first).toBeVisible();
  expect(await selecting.count()).toBeLessThan(5);
  // A card that comes into view does not wait.
  await cards(page).last().scrollIntoViewIfNeeded();
  await expect(page.getByRole('checkbox', { name: 'Select photo 119.jpg' })).toBeVisible();
  expect(await selecting.count()).toBeLessThan(10);
  await idle();
  await expect(selecting).toHaveCount(10);
  await page.getByRole('button', { name: 'Select all 120' }).click();
  expect(await page.getByRole('checkbox', { checked: true }).count()).toBeLessThan(120);
  await idle();
  await expect(page.getByRole('checkbox', { checked: true })).toHaveCount(120);
  await page.keyboard.press('Escape');
  await expect(page.getByText('120 selected')).toBeHidden();
  await idle();
  await expect(selecting).toHaveCount(0);
  await expect(page.getByRole('checkbox')).toHaveCount(0);
});

test('a poll without news changes nothing in the cards, however many there are', async ({
  page,
  standIn,
}) => {
  for (let i = 0; i < 300; i += 1) standIn.addJob({ createdAt: Date.now() - (i + 200) * 3_600_000 });
  await page.clock.install();
  await openSignedIn(page, standIn);
  await grow(page, 300);
  // The last cards may have come after the last scroll.
  await cards(page).last().scrollIntoViewIfNeeded();
  await expect(cards(page).last().locator('.job-mesh img')).not.toHaveJSProperty('naturalWidth', 0);
  await page.evaluate(() => {
    const list = document.querySelector('.job-list:not(.skeleton)');
    const changes: string[] = [];
    Object.assign(window, { changes });
    const note = (records: MutationRecord[]): void => {
      for (const { type, target } of records)
        changes.push(`${type} of ${target instanceof Element ? target.outerHTML : target.textContent}`);
    };
    if (list)
      new MutationObserver(note).observe(list, {
        subtree: true,
        childList: true,
        attributes: true,
        characterData: true,
      });
  });
  const before = standIn.requests.length;
  for (const polls of [1, 2, 3]) {
    await page.clock.runFor(60_000);
    await expect
      .poll(() => standIn.requests.slice(before).filter((line) => line.startsWith('GET /api/jobs?')).length)
      .toBeGreaterThanOrEqual(polls);
  }
  expect(await page.evaluate(() => (window as unknown as { changes: string[] }).changes)).toEqual([]);
});
