import type { Page } from '@playwright/test';
import { expect, signIn, test } from './fixtures.ts';

const box = [120, 60, 420, 320];
const cards = (page: Page) => page.locator('.job-list:not(.skeleton) .job-card');
const names = (page: Page) => cards(page).locator('h3');

/** Whether the picture of a card is shown, by its pixels. */
const pictures = (page: Page) =>
  cards(page)
    .locator('img')
    .evaluateAll((images) => images.filter((image) => (image as HTMLImageElement).naturalWidth > 0).length);

test('the list reports that the service is unavailable and recovers automatically', async ({
  page,
  standIn,
}) => {
  standIn.away = true;
  await signIn(page, standIn.url);
  await expect(page.getByRole('alert')).toContainText('Try again in a minute');
  standIn.away = false;
  await expect(page.getByText('No jobs yet.')).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('jobs created elsewhere appear while all listed jobs are finished', async ({ page, standIn }) => {
  standIn.addJob({ name: 'first.jpg' });
  await page.clock.install();
  await signIn(page, standIn.url);
  await expect(names(page)).toHaveText(['first.jpg']);
  standIn.addJob({ name: 'copied in.jpg', createdAt: Date.now() });
  await page.clock.runFor(60_000);
  await expect(names(page)).toHaveText(['copied in.jpg', 'first.jpg']);
  // More than a page of them, while what was listed before keeps its position.
  for (let i = 1; i <= 30; i += 1)
    standIn.addJob({ name: `bulk ${i}.jpg`, createdAt: Date.now() + i * 1000 });
  await page.clock.runFor(60_000);
  await expect(cards(page)).toHaveCount(24);
  await page.getByRole('button', { name: 'Load more' }).click();
  await expect(names(page)).toHaveText([
    ...Array.from({ length: 30 }, (_, at) => `bulk ${30 - at}.jpg`),
    'copied in.jpg',
    'first.jpg',
  ]);
});

test.describe('in a long list', () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test('previews that scroll into view after more than an hour are shown', async ({ page, standIn }) => {
    for (let i = 0; i < 72; i += 1) standIn.addJob({ createdAt: Date.now() - i * 60_000 });
    await page.clock.install();
    await signIn(page, standIn.url);
    for (const count of [24, 48]) {
      await expect(cards(page)).toHaveCount(count);
      await page.getByRole('button', { name: 'Load more' }).click();
    }
    await expect(cards(page)).toHaveCount(72);
    await page.evaluate(() => window.scrollTo(0, 0));
    expect(await pictures(page)).toBeLessThan(72);
    standIn.linkGeneration += 1;
    await page.clock.fastForward('02:00:00');
    await page.clock.runFor(60_000);
    await cards(page).last().scrollIntoViewIfNeeded();
    await expect(cards(page).last().locator('img')).not.toHaveJSProperty('naturalWidth', 0);
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
      await signIn(page, standIn.url);
      const more = page.getByRole('button', { name: 'Load more' });
      for (const count of [24, 48]) {
        await expect(cards(page)).toHaveCount(count);
        await more.click();
      }
      await expect(cards(page)).toHaveCount(60);
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
      await signIn(page, standIn.url);
      const card = (name: string) => cards(page).filter({ hasText: name });
      await expect(card('alike.jpg')).toContainText(lost);
      await expect(card('no photo.jpg')).toContainText('The photo did not arrive in time');
      await expect(card('mixed.jpg')).toContainText('for different reasons');
      await expect.poll(() => pictures(page)).toBe(2);
      await expect(card('no photo.jpg').locator('img')).toHaveCount(0);
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
  await signIn(page, standIn.url);
  await expect(cards(page)).toHaveCount(24);
  // The list's own polls, which the stopped clock prevents, have a separate notice.
  await page.clock.pauseAt(Date.now() + 60_000);
  await context.setOffline(true);
  const more = page.getByRole('button', { name: 'Load more' });
  await more.scrollIntoViewIfNeeded();
  await more.click();
  await expect(page.getByRole('alert')).toContainText('Gen3D cannot be reached');
  await expect(page.getByRole('alert')).toBeInViewport({ ratio: 1 });
  await context.setOffline(false);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(cards(page)).toHaveCount(30);
});
