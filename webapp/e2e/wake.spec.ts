import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { draw, expect, openSignedIn, photo, places, reloadSaved, test } from './fixtures.ts';

const choose = (page: Page, name: string) => page.getByLabel('Drop a photo here').setInputFiles(photo(name));
const title = (page: Page, name: string) => page.getByRole('heading', { name });
const wakes = (requests: readonly string[]) => requests.filter((line) => line === 'POST /api/wake').length;

test('a chosen photo starts the GPU, at most once a minute; a restored one does not', async ({
  page,
  standIn,
  faults,
}) => {
  standIn.wakeOnPhoto = true;
  const start = Date.now();
  await page.clock.setFixedTime(start);
  await openSignedIn(page, standIn);
  await expect(page.getByText('No jobs yet.')).toBeVisible();
  expect(wakes(standIn.requests)).toBe(0);

  await choose(page, 'coffee.jpg');
  await expect(title(page, 'coffee.jpg')).toBeVisible();
  await expect.poll(() => wakes(standIn.requests)).toBe(1);
  await choose(page, 'cat.jpg');
  await expect(title(page, 'cat.jpg')).toBeVisible();
  await page.clock.setFixedTime(start + 60_000);
  await choose(page, 'coffee.jpg');
  await expect(title(page, 'coffee.jpg')).toBeVisible();
  await expect.poll(() => wakes(standIn.requests)).toBe(2);

  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await expect(places(page)).toHaveCount(1);
  await reloadSaved(page);
  await expect(page.getByText('3 photos are back')).toBeVisible();
  await expect(places(page)).toHaveCount(1);
  expect(wakes(standIn.requests)).toBe(2);
  expect(faults).toEqual([]);
});

for (const kind of ['drop', 'paste'] as const) {
  test(`a photo brought by ${kind} starts the GPU`, async ({ page, standIn }) => {
    standIn.wakeOnPhoto = true;
    await openSignedIn(page, standIn);
    await expect(page.getByLabel('Drop a photo here')).toBeAttached();
    const bytes = [...(await readFile(photo('cat.webp')))];
    await page.evaluate(
      ([type, content]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(content as number[])], 'cat.webp'));
        window.dispatchEvent(
          type === 'drop'
            ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
            : new ClipboardEvent('paste', { clipboardData: data, bubbles: true }),
        );
      },
      [kind, bytes] as const,
    );
    await expect.poll(() => wakes(standIn.requests)).toBe(1);
  });
}

test('a file that is no photo does not start the GPU', async ({ page, standIn }) => {
  standIn.wakeOnPhoto = true;
  await openSignedIn(page, standIn);
  await page
    .getByLabel('Drop a photo here')
    .setInputFiles({ name: 'words.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not a photo') });
  await expect(page.getByRole('alert')).toBeVisible();
  expect(wakes(standIn.requests)).toBe(0);
});

for (const status of [404, 409, 429, 503]) {
  test(`a start that is refused with ${status} is not the user’s concern`, async ({
    page,
    standIn,
    faults,
  }) => {
    standIn.wakeOnPhoto = true;
    await openSignedIn(page, standIn);
    standIn.failNext(/^POST \/api\/wake$/, status, { title: 'No', status, detail: 'The GPU is busy.' });
    await choose(page, 'coffee.jpg');
    await expect.poll(() => wakes(standIn.requests)).toBe(1);
    await draw(page, [0.1, 0.1], [0.4, 0.5]);
    await page.getByRole('button', { name: 'Make 1 mesh' }).click();
    await page.waitForURL(/\/jobs\/\w{26}$/);
    await expect(page.getByRole('alert')).toHaveCount(0);
    expect(wakes(standIn.requests)).toBe(1);
    expect(faults).toEqual([]);
  });
}

test('nothing is sent if the service does not start the GPU for a photo', async ({ page, standIn }) => {
  await openSignedIn(page, standIn);
  await choose(page, 'coffee.jpg');
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await expect(places(page)).toHaveCount(1);
  expect(wakes(standIn.requests)).toBe(0);
});
