import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { expectAccessibleInBothSchemes } from './axe.ts';
import { holdDecoding } from './decoding.ts';
import {
  asksBeforeClosing,
  draw,
  expect,
  openSignedIn,
  photo,
  places,
  reloadSaved,
  signIn,
  test,
} from './fixtures.ts';
import { looks } from './looks.ts';

const choose = (page: Page, ...names: string[]): Promise<void> =>
  page.getByLabel('Drop a photo here').setInputFiles(names.map(photo));

const strip = (page: Page): Locator => page.getByRole('list', { name: 'Photos' });
/** The button of a photo in the strip. */
const tile = (page: Page, name: string): Locator =>
  strip(page).getByRole('button', { name: new RegExp(`^${name}, photo`) });
const job = (page: Page, name: string): Locator => strip(page).getByRole('link', { name: `${name}: sent` });
const isOpen = (page: Page, name: string): Promise<void> =>
  expect(page.getByRole('heading', { name, level: 2 })).toBeVisible();

/** Opens a photo of the strip and waits until boxes can be drawn on it. */
async function open(page: Page, name: string): Promise<void> {
  await tile(page, name).click();
  await isOpen(page, name);
  await expect(page.locator('.box-layer')).toBeVisible();
}

/** Two photos: the first with two boxes, the second with one. */
async function two(page: Page): Promise<void> {
  await choose(page, 'coffee.jpg', 'cat.jpg');
  await isOpen(page, 'coffee.jpg');
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await draw(page, [0.6, 0.6], [0.9, 0.9]);
  await open(page, 'cat.jpg');
  await draw(page, [0.2, 0.2], [0.7, 0.8]);
  await expect(places(page)).toHaveCount(1);
}

const created = (requests: readonly string[]): number =>
  requests.filter((line) => line === 'POST /api/jobs').length;

for (const { title, ...look } of looks) {
  test.describe(title, () => {
    test.use({ ...look, bypassCSP: true });

    test('photos chosen at once keep their own boxes and are sent one after the other', async ({
      page,
      standIn,
    }) => {
      await openSignedIn(page, standIn);
      await two(page);
      await open(page, 'coffee.jpg');
      await expect(places(page)).toHaveCount(2);
      await expect(tile(page, 'coffee.jpg')).toHaveAttribute('aria-current', 'true');
      await expectAccessibleInBothSchemes(page);
      await page.reload();
      await expect(page.getByText('2 photos are back')).toBeVisible();
      await expect(tile(page, 'coffee.jpg')).toHaveAccessibleName('coffee.jpg, photo 1 of 2: 2 boxes');
      await expect(tile(page, 'cat.jpg')).toHaveAccessibleName('cat.jpg, photo 2 of 2: 1 box');
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBe(0);

      standIn.requests.length = 0;
      await page.getByRole('button', { name: 'Make 3 meshes from 2 photos' }).click();
      await expect(page.getByText('All 2 photos were sent.').first()).toBeVisible();
      expect(standIn.requests.filter((line) => /^POST \/(api\/jobs)?$/.test(line))).toEqual([
        'POST /api/jobs',
        'POST /',
        'POST /api/jobs',
        'POST /',
      ]);
      await expectAccessibleInBothSchemes(page);
      for (const name of ['coffee.jpg', 'cat.jpg'])
        await expect(page.locator('.job-card').getByRole('link', { name }).first()).toBeVisible();
      expect([...standIn.jobs.values()].map(({ name, objects }) => [name, objects.length])).toEqual([
        ['coffee.jpg', 2],
        ['cat.jpg', 1],
      ]);
      await job(page, 'cat.jpg').click();
      await expect(page.getByRole('heading', { level: 1, name: 'cat.jpg' })).toBeVisible();
      await page.goBack();
      await expect(page.getByRole('heading', { name: 'Make meshes from a photo' })).toBeVisible();
      await expect(page.getByLabel('Drop a photo here')).toBeAttached();
      await expect(strip(page)).toBeHidden();
    });
  });
}

test('one photo is sent while the others are kept, and files that are no photos are told by name', async ({
  page,
  standIn,
  faults,
}) => {
  await openSignedIn(page, standIn);
  await page.getByLabel('Drop a photo here').setInputFiles(
    ['words.jpg', 'empty.png', 'a.jpg', 'b.jpg'].map((name) => ({
      name,
      mimeType: 'image/jpeg',
      buffer: name === 'words.jpg' ? Buffer.from('not a photo') : Buffer.alloc(0),
    })),
  );
  await expect(page.getByRole('alert')).toContainText('words.jpg: This file is not a photo');
  await expect(page.getByRole('alert')).toContainText('empty.png: This file is empty');
  await expect(page.getByRole('alert')).toHaveCount(1);

  await two(page);
  await expect(page.getByRole('alert')).toHaveCount(0);
  await open(page, 'coffee.jpg');
  await page.getByRole('button', { name: 'Make 2 meshes' }).click();
  await expect(job(page, 'coffee.jpg')).toBeVisible();
  await isOpen(page, 'cat.jpg');
  await expect(page.getByText('1 of 2 photos sent.')).toBeVisible();
  expect(created(standIn.requests)).toBe(1);
  await page.reload();
  await expect(page.getByText('cat.jpg with 1 box is back')).toBeVisible();
  await expect(strip(page)).toBeHidden();
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await page.waitForURL(/\/jobs\/\w{26}$/);
  expect(created(standIn.requests)).toBe(2);
  expect(faults).toEqual([]);
});

test('a photo that is refused can be sent again, and the others go on', async ({ page, standIn }) => {
  await openSignedIn(page, standIn);
  await two(page);
  standIn.failNext(
    /^POST \/$/,
    400,
    '<Error><Code>EntityTooLarge</Code><Message>no</Message></Error>',
    'application/xml',
  );
  await page.getByRole('button', { name: 'Make 3 meshes from 2 photos' }).click();
  await expect(job(page, 'cat.jpg')).toBeVisible();
  await expect(tile(page, 'coffee.jpg')).toHaveAccessibleName('coffee.jpg, photo 1 of 2: not sent');
  await expect(page.getByText('1 of 2 photos sent, 1 not sent.')).toBeVisible();
  await isOpen(page, 'coffee.jpg');
  await expect(page.getByRole('alert')).toContainText('The photo is too large');
  await expect(places(page)).toHaveCount(2);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(job(page, 'coffee.jpg')).toBeVisible();
  await expect(page.getByText('All 2 photos were sent.').first()).toBeVisible();
});

test('a photo for which there are too many jobs waits for a place, and can be stopped', async ({
  page,
  standIn,
}) => {
  await openSignedIn(page, standIn);
  await two(page);
  const full = {
    title: 'Too Many Requests',
    status: 429,
    code: 'too_many_unfinished_jobs',
    detail: 'You have 20 unfinished jobs, which is the limit. Wait until one is done, or delete one.',
  };
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 60_000);
  standIn.failNext(/^POST \/api\/jobs$/, 429, full);
  await page.getByRole('button', { name: 'Make 3 meshes from 2 photos' }).click();
  await expect(tile(page, 'coffee.jpg')).toHaveAccessibleName(
    'coffee.jpg, photo 1 of 2: waiting (job limit)',
  );
  await expect(tile(page, 'cat.jpg')).toHaveAccessibleName('cat.jpg, photo 2 of 2: waiting');
  await expect(page.getByText('the next photo is sent when one of them is done.')).toBeVisible();
  await page.getByRole('button', { name: 'Stop sending' }).click();
  await expect(tile(page, 'coffee.jpg')).toHaveAccessibleName('coffee.jpg, photo 1 of 2: 2 boxes');
  await expect(tile(page, 'cat.jpg')).toHaveAccessibleName('cat.jpg, photo 2 of 2: 1 box');
  expect(standIn.jobs.size).toBe(0);

  standIn.failNext(/^POST \/api\/jobs$/, 429, full);
  await page.getByRole('button', { name: 'Make 3 meshes from 2 photos' }).click();
  await expect(page.getByText('the next photo is sent when one of them is done.')).toBeVisible();
  await page.clock.runFor(15_000);
  await expect(page.getByText('All 2 photos were sent.').first()).toBeVisible();
  expect(standIn.jobs.size).toBe(2);
});

test('leaving while photos are sent asks first, and keeps what has not arrived', async ({
  page,
  standIn,
}) => {
  standIn.addJob({ name: 'earlier.jpg', objects: [{ box: [9, 9, 99, 99], fails: 'No object found.' }] });
  await openSignedIn(page, standIn);
  await two(page);
  const held: (() => Promise<void>)[] = [];
  await page.route(`${standIn.bucketUrl}/`, (route) => void held.push(() => route.continue()));
  await page.getByRole('button', { name: 'Make 3 meshes from 2 photos' }).click();
  await expect.poll(() => held.length).toBe(1);
  await page.getByRole('link', { name: 'earlier.jpg' }).click();
  const dialog = page.getByRole('dialog', { name: 'Stop sending 2 photos?' });
  await dialog.getByRole('button', { name: 'Keep sending' }).click();
  await held[0]?.();
  await expect.poll(() => held.length).toBe(2);
  await page.getByRole('link', { name: 'earlier.jpg' }).click();
  await page
    .getByRole('dialog', { name: 'Stop sending cat.jpg?' })
    .getByRole('button', { name: 'Stop sending' })
    .click();
  await expect(page.getByRole('heading', { level: 1, name: 'earlier.jpg' })).toBeVisible();
  await page.goBack();
  await expect(page.getByText('cat.jpg with 1 box is back')).toBeVisible();
  await expect
    .poll(() => [...standIn.jobs.values()].map(({ name }) => name).sort())
    .toEqual(['coffee.jpg', 'earlier.jpg']);
});

test('the strip is used with keys alone', async ({ page, standIn }) => {
  await openSignedIn(page, standIn);
  await choose(page, 'coffee.jpg', 'cat.jpg', 'coins.png');
  await expect(page.getByRole('heading', { name: 'coffee.jpg' })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(page.getByRole('button', { name: 'Make 3 meshes from 3 photos' })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(tile(page, 'coffee.jpg')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(tile(page, 'coins.png')).toBeFocused();
  await page.keyboard.press('Enter');
  await isOpen(page, 'coins.png');
  await expect(tile(page, 'coins.png')).toBeFocused();
  await page.getByRole('button', { name: 'Add a box' }).press('Enter');
  await expect(tile(page, 'coins.png')).toHaveAccessibleName('coins.png, photo 3 of 3: 1 box');
  // One without boxes is removed at once, one with boxes after asking.
  await tile(page, 'coins.png').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Delete');
  await expect(tile(page, 'coffee.jpg')).toHaveCount(0);
  await tile(page, 'coins.png').focus();
  await page.keyboard.press('Delete');
  await page.keyboard.press('Escape');
  await expect(tile(page, 'coins.png')).toBeVisible();
  await tile(page, 'coins.png').focus();
  await page.keyboard.press('Delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).press('Enter');
  await isOpen(page, 'cat.jpg');
  await expect(strip(page)).toBeHidden();
  await expect(page.getByRole('heading', { name: 'cat.jpg' })).toBeFocused();
  await reloadSaved(page);
  await expect(page.getByText('cat.jpg is back')).toBeVisible();
});

test('the browser asks before a page is closed that still keeps a removed photo', async ({
  page,
  standIn,
}) => {
  // From "hold" to "release", no transaction that writes ends: each always has a request.
  await page.addInitScript(() => {
    const { transaction } = IDBDatabase.prototype;
    let isHeld = false;
    window.addEventListener('hold', () => {
      isHeld = true;
    });
    window.addEventListener('release', () => {
      isHeld = false;
    });
    IDBDatabase.prototype.transaction = function (...of) {
      const begun = transaction.apply(this, of);
      const again = (): void => {
        if (isHeld && begun.mode === 'readwrite') begun.objectStore('drafts').count().onsuccess = again;
      };
      again();
      return begun;
    };
  });
  await openSignedIn(page, standIn);
  await choose(page, 'coffee.jpg', 'cat.jpg');
  await isOpen(page, 'coffee.jpg');
  await expect.poll(() => asksBeforeClosing(page)).toBe(false);
  await page.evaluate(() => window.dispatchEvent(new Event('hold')));
  await page.getByRole('button', { name: 'Remove cat.jpg' }).click();
  await expect(strip(page)).toBeHidden();
  expect(await asksBeforeClosing(page)).toBe(true);
  await page.evaluate(() => window.dispatchEvent(new Event('release')));
  await reloadSaved(page);
  await expect(page.getByText('coffee.jpg is back')).toBeVisible();
  await expect(strip(page)).toBeHidden();
});

test('the focus stays where the user moves it while a photo is decoded', async ({ page, standIn }) => {
  const decode = await holdDecoding(page);
  await openSignedIn(page, standIn);
  await choose(page, 'coffee.jpg', 'cat.jpg', 'coins.png');
  await expect(page.getByRole('heading', { name: 'coffee.jpg' })).toBeFocused();
  const button = page.getByRole('button', { name: 'Make 1 mesh' });
  await button.focus();
  await decode();
  await expect(button).toBeFocused();
  await tile(page, 'coins.png').click();
  await expect(tile(page, 'coins.png')).toBeFocused();
  await button.focus();
  await decode();
  await expect(button).toBeFocused();
  await tile(page, 'coins.png').press('Delete');
  await isOpen(page, 'cat.jpg');
  await expect(tile(page, 'cat.jpg')).toBeFocused();
  await button.focus();
  await decode();
  await expect(button).toBeFocused();
});

test('a damaged photo that is opened from the strip gives the focus to the next', async ({
  page,
  standIn,
}) => {
  await openSignedIn(page, standIn);
  // A PNG without pixels: its header and its end.
  const coins = await readFile(photo('coins.png'));
  const damaged = Buffer.concat([coins.subarray(0, 33), coins.subarray(-12)]);
  const good = await readFile(photo('cat.jpg'));
  const files = [
    { name: 'cat.jpg', mimeType: 'image/jpeg', buffer: good },
    { name: 'damaged.png', mimeType: 'image/png', buffer: damaged },
    { name: 'second.jpg', mimeType: 'image/jpeg', buffer: good },
    { name: 'damaged too.png', mimeType: 'image/png', buffer: damaged },
  ];
  await page.getByLabel('Drop a photo here').setInputFiles(files);
  await isOpen(page, 'cat.jpg');
  await tile(page, 'damaged.png').press('Enter');
  await expect(page.getByRole('alert')).toContainText('damaged.png');
  await expect(tile(page, 'damaged.png')).toHaveCount(0);
  await expect(tile(page, 'cat.jpg')).toBeFocused();
  await tile(page, 'second.jpg').press('Delete');
  await expect(tile(page, 'second.jpg')).toHaveCount(0);
  await tile(page, 'damaged too.png').press('Enter');
  await expect(strip(page)).toBeHidden();
  await expect(page.getByRole('heading', { name: 'cat.jpg' })).toBeFocused();
});

test.describe('by touch', () => {
  test.use({ hasTouch: true, viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 });

  test('photos are opened, removed and sent', async ({ page, standIn }) => {
    await openSignedIn(page, standIn);
    await choose(page, 'coffee.jpg', 'cat.jpg', 'coins.png');
    await isOpen(page, 'coffee.jpg');
    await tile(page, 'cat.jpg').tap();
    await isOpen(page, 'cat.jpg');
    await page.getByRole('button', { name: 'Remove coins.png' }).tap();
    await expect(tile(page, 'coins.png')).toHaveCount(0);
    await page.getByRole('button', { name: 'Make 2 meshes from 2 photos' }).tap();
    await expect(page.getByText('All 2 photos were sent.').first()).toBeVisible();
    expect(standIn.jobs.size).toBe(2);
  });
});

test('at most twenty photos wait, and further ones are added to those that are there', async ({
  page,
  standIn,
}) => {
  await openSignedIn(page, standIn);
  await choose(page, 'coffee.jpg');
  await isOpen(page, 'coffee.jpg');
  const bytes = [...(await readFile(photo('cat.webp')))];
  await page.evaluate((content) => {
    const dataTransfer = new DataTransfer();
    for (let i = 1; i <= 21; i += 1)
      dataTransfer.items.add(new File([new Uint8Array(content)], `dropped ${i}.webp`));
    window.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }, bytes);
  await expect(page.getByRole('alert')).toHaveText(
    /This page holds at most 20 photos: 2 photos were not added\./,
  );
  await expect(strip(page).getByRole('listitem')).toHaveCount(20);
  await isOpen(page, 'dropped 1.webp');
});

test('signing out deletes all photos after asking, in every tab', async ({ page, context, standIn }) => {
  standIn.addJob({ name: 'mine.jpg' });
  await openSignedIn(page, standIn);
  await two(page);
  const other = await context.newPage();
  await other.goto(standIn.url);
  await expect(other.getByText('2 photos are back')).toBeVisible();
  await page.getByRole('button', { name: 'Sign out' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('2 photos have not been sent');
  await dialog.getByRole('button', { name: 'Sign out' }).click();
  await expect(other.getByRole('button', { name: 'Sign in' })).toBeVisible();
  await signIn(other, standIn.url);
  await expect(other.getByRole('link', { name: 'mine.jpg' })).toBeVisible();
  await expect(strip(other)).toBeHidden();
  await expect(places(other)).toHaveCount(0);
});

test('a draft of an earlier version of the page is restored', async ({ page, standIn }) => {
  const bytes = [...(await readFile(photo('coffee.jpg')))];
  await page.goto(standIn.url);
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
  await page.evaluate(
    (content) =>
      new Promise<void>((resolve, reject) => {
        const opened = indexedDB.open('gen3d', 2);
        opened.onerror = () => reject(opened.error);
        opened.onupgradeneeded = () => opened.result.createObjectStore('drafts');
        opened.onsuccess = () => {
          const drafts = opened.result.transaction('drafts', 'readwrite').objectStore('drafts');
          const file = new Blob([new Uint8Array(content)]);
          drafts.put({ id: 'd1', file, name: 'coffee.jpg' }, ['testuser001', 'photo']);
          const boxes = [{ box: { x0: 60, y0: 40, x1: 240, y1: 200 }, label: 'cup' }];
          const marks = { id: 'd1', boxes, selected: -1, options: null, savedAt: Date.now(), promised: null };
          drafts.put(marks, ['testuser001', 'marks']);
          drafts.transaction.oncomplete = () => {
            opened.result.close();
            resolve();
          };
        };
      }),
    bytes,
  );
  await openSignedIn(page, standIn);
  await expect(page.getByText('coffee.jpg with 1 box is back')).toBeVisible();
  await expect(page.getByLabel('Label of object 1')).toHaveValue('cup');
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await page.waitForURL(/\/jobs\/\w{26}$/);
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Make meshes from a photo' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('link', { name: 'coffee.jpg' })).toBeVisible();
  await expect(places(page)).toHaveCount(0);
});
