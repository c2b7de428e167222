import type { Page, Route } from '@playwright/test';
import { draw, expect, openSignedIn, photo, places, reloadSaved, signIn, signOut, test } from './fixtures.ts';
import type { StandIn } from './standin/service.ts';

const choose = (page: Page, name = 'coffee.jpg') =>
  page.getByLabel('Drop a photo here').setInputFiles(photo(name));

/** Waits until this browser has saved the draft with this many boxes. */
const kept = (page: Page, boxes: number) =>
  expect
    .poll(() =>
      page.evaluate(
        () =>
          new Promise((resolve, reject) => {
            const opened = indexedDB.open('gen3d');
            opened.onerror = () => reject(opened.error);
            opened.onsuccess = () => {
              const all = opened.result.transaction('drafts').objectStore('drafts').getAll();
              all.onsuccess = () => {
                opened.result.close();
                resolve(
                  all.result
                    .filter((record) => 'boxes' in record)
                    .map((record) => (record.boxes as unknown[]).length)
                    .join(),
                );
              };
            };
          }),
      ),
    )
    .toBe(String(boxes));

test('boxes are back although the view is left before they are saved', async ({ page, standIn }) => {
  await page.addInitScript(() => {
    const open = IDBFactory.prototype.open;
    IDBFactory.prototype.open = function (...of) {
      let request: IDBOpenDBRequest;
      const late: Partial<IDBOpenDBRequest> = {
        get result() {
          return request.result;
        },
        get transaction() {
          return request.transaction;
        },
      };
      setTimeout(() => {
        request = open.apply(this, of);
        request.onupgradeneeded = (event) => late.onupgradeneeded?.call(request, event);
        request.onsuccess = (event) => late.onsuccess?.call(request, event);
      }, 1000);
      return late as IDBOpenDBRequest;
    };
  });
  await openSignedIn(page, standIn);
  await choose(page);
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await draw(page, [0.6, 0.6], [0.9, 0.9]);
  await page.getByRole('link', { name: 'Gen3D' }).click();
  await expect(page.getByText('coffee.jpg with 2 boxes is back')).toBeVisible();
  await expect(places(page)).toHaveText(['60, 40 – 240, 200', '360, 240 – 540, 360']);
});

test('a photo is restored after a reload with its boxes and options, until it is discarded', async ({
  page,
  standIn,
  faults,
}) => {
  await openSignedIn(page, standIn);
  await choose(page);
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await draw(page, [0.6, 0.6], [0.9, 0.9]);
  await page.getByLabel('Label of object 2').fill('saucer');
  await page.getByText('Options').click();
  await page.getByLabel('Seed').fill('42');
  await page.getByLabel('PLY', { exact: false }).first().uncheck();
  await page.locator('.object-row').first().click();
  await reloadSaved(page);
  await expect(page.getByText('coffee.jpg with 2 boxes is back')).toBeVisible();
  await expect(places(page)).toHaveText(['60, 40 – 240, 200', '360, 240 – 540, 360']);
  await expect(page.getByLabel('Label of object 2')).toHaveValue('saucer');
  await expect(page.locator('.object-row').first()).toHaveClass(/is-selected/);
  await page.getByText('Options').click();
  await expect(page.getByLabel('Seed')).toHaveValue('42');
  await expect(page.getByLabel('PLY', { exact: false }).first()).not.toBeChecked();

  await page.getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click();
  await expect(places(page)).toHaveCount(2);
  await page.getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  await expect(page.getByLabel('Drop a photo here')).toBeFocused();
  await page.reload();
  await expect(page.getByText('No jobs yet.')).toBeVisible();
  await expect(places(page)).toHaveCount(0);
  expect(faults).toEqual([]);
});

test('boxes are restored after viewing a job, and cleared once they are submitted', async ({
  page,
  standIn,
}) => {
  standIn.addJob({ name: 'earlier.jpg', objects: [{ box: [9, 9, 99, 99], fails: 'No object found.' }] });
  await openSignedIn(page, standIn);
  await choose(page);
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await page.getByRole('link', { name: 'earlier.jpg' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'earlier.jpg' })).toBeVisible();
  await page.goBack();
  await expect(places(page)).toHaveText(['60, 40 – 240, 200']);
  await page.getByRole('link', { name: 'Gen3D' }).click();
  await expect(places(page)).toHaveText(['60, 40 – 240, 200']);
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await page.waitForURL(/\/jobs\/\w{26}$/);
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Make meshes from a photo' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'earlier.jpg' })).toBeVisible();
  await expect(places(page)).toHaveCount(0);
  await reloadSaved(page);
  await expect(page.getByRole('link', { name: 'earlier.jpg' })).toBeVisible();
  await expect(places(page)).toHaveCount(0);
});

test('another photo replaces one with boxes only after asking, and keeps its options', async ({
  page,
  standIn,
}) => {
  await openSignedIn(page, standIn);
  await choose(page);
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await page.getByText('Options').click();
  await page.getByLabel('Seed').fill('5');
  const replace = async (): Promise<void> => {
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Replace photo' }).click();
    await (await chooser).setFiles(photo('cat.jpg'));
  };
  await replace();
  await page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click();
  await expect(page.getByRole('heading', { name: 'coffee.jpg' })).toBeVisible();
  await expect(places(page)).toHaveCount(1);
  await replace();
  await page.getByRole('dialog').getByRole('button', { name: 'Replace' }).click();
  await expect(page.getByRole('heading', { name: 'cat.jpg' })).toBeVisible();
  await expect(places(page)).toHaveCount(0);
  await page.getByText('Options').click();
  await expect(page.getByLabel('Seed')).toHaveValue('5');
  await page.reload();
  await expect(page.getByText('cat.jpg is back')).toBeVisible();
});

/** Sends a photo with one box, whose upload does not end. */
async function beginSending(page: Page, standIn: StandIn): Promise<void> {
  await choose(page);
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  const pending: Route[] = [];
  await page.route(`${standIn.bucketUrl}/`, (route) => void pending.push(route));
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await expect.poll(() => pending.length).toBe(1);
}

test('a link, the back button or a reload interrupts an upload only after asking', async ({
  page,
  standIn,
}) => {
  standIn.addJob({ name: 'earlier.jpg', objects: [{ box: [9, 9, 99, 99], fails: 'No object found.' }] });
  await openSignedIn(page, standIn);
  await page.getByRole('link', { name: 'earlier.jpg' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'earlier.jpg' })).toBeVisible();
  await page.getByRole('link', { name: 'Gen3D' }).click();
  await beginSending(page, standIn);
  const dialog = page.getByRole('dialog', { name: 'Stop sending coffee.jpg?' });

  await page.getByRole('link', { name: 'Gen3D' }).click();
  await dialog.getByRole('button', { name: 'Keep sending' }).click();
  await page.evaluate(() => window.history.back());
  await dialog.getByRole('button', { name: 'Keep sending' }).click();
  await expect(page).toHaveURL(`${standIn.url}/`);
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeVisible();

  const asked = page.waitForEvent('dialog');
  const reloaded = page.evaluate(() => window.location.reload()).catch(() => {});
  const question = await asked;
  expect(question.type()).toBe('beforeunload');
  await question.dismiss();
  await reloaded;
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeVisible();
  expect(standIn.jobs.size).toBe(2);

  await page.evaluate(() => window.history.back());
  await dialog.getByRole('button', { name: 'Stop sending' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'earlier.jpg' })).toBeVisible();
  // The job whose photo does not arrive is deleted.
  await expect.poll(() => standIn.jobs.size).toBe(1);
  await page.goForward();
  await expect(places(page)).toHaveText(['60, 40 – 240, 200']);
});

test('going back while the next view is loaded does not ask again', async ({ page, standIn }) => {
  standIn.addJob({ name: 'earlier.jpg', objects: [{ box: [9, 9, 99, 99], fails: 'No object found.' }] });
  await openSignedIn(page, standIn);
  await beginSending(page, standIn);
  const code: Route[] = [];
  await page.route('**/assets/JobView-*.js', (route) => void code.push(route));
  await page.getByRole('link', { name: 'earlier.jpg' }).click();
  const dialog = page.getByRole('dialog', { name: 'Stop sending coffee.jpg?' });
  await dialog.getByRole('button', { name: 'Stop sending' }).click();
  await expect.poll(() => code.length).toBe(1);
  await expect(page).toHaveURL(/\/jobs\//);
  await page.evaluate(() => window.history.back());
  await expect(page).toHaveURL(`${standIn.url}/`);
  await expect(places(page)).toHaveText(['60, 40 – 240, 200']);
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Make 1 mesh' })).toBeEnabled();
  await code[0]?.continue();
  await expect(page.getByRole('link', { name: 'earlier.jpg' })).toBeVisible();
});

test('a draft is visible to its user only, and signing out deletes it', async ({ page, standIn }) => {
  await signIn(page, standIn.url);
  await choose(page);
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await kept(page, 1);
  // The session is lost without a sign-out, and another user signs in.
  await page.evaluate(() => localStorage.clear());
  standIn.issuer.user = 'testuser002';
  await page.reload();
  await signIn(page, standIn.url, '/', 'testuser002');
  await expect(page.getByText('No jobs yet.')).toBeVisible();
  await expect(places(page)).toHaveCount(0);
  await signOut(page);

  standIn.issuer.user = 'testuser001';
  await signIn(page, standIn.url);
  await expect(places(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Stay signed in' }).click();
  await expect(places(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signOut(page, page.getByRole('dialog').getByRole('button', { name: 'Sign out' }));
  await signIn(page, standIn.url);
  await expect(page.getByText('No jobs yet.')).toBeVisible();
  await expect(places(page)).toHaveCount(0);
});

test('a browser over its storage quota shows a message and asks before work is lost', async ({
  page,
  standIn,
  faults,
}) => {
  await openSignedIn(page, standIn);
  await expect(page.getByText('No jobs yet.')).toBeVisible();
  const client = await page.context().newCDPSession(page);
  await client.send('Storage.overrideQuotaForOrigin', { origin: standIn.url, quotaSize: 1 });
  await choose(page);
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await expect(page.getByText('This browser has no room to keep your work.')).toBeVisible();
  await page.getByRole('link', { name: 'Gen3D' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Stay' }).click();
  await expect(places(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await page.waitForURL(/\/jobs\/\w{26}$/);
  expect(faults).toEqual([]);
});
