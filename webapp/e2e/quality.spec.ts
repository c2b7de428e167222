import type { Page } from '@playwright/test';
import { expect, openSignedIn, photo, test } from './fixtures.ts';

const choose = async (page: Page): Promise<void> => {
  await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee.jpg'));
  await page.getByText('Options').click();
};

/** Waits until this browser has saved the draft with these options. */
const kept = (page: Page, quality: string, faces: string) =>
  expect
    .poll(() =>
      page.evaluate(
        () =>
          new Promise<string>((resolve, reject) => {
            const opened = indexedDB.open('gen3d');
            opened.onerror = () => reject(opened.error);
            opened.onsuccess = () => {
              const all = opened.result.transaction('drafts').objectStore('drafts').getAll();
              all.onsuccess = () => {
                opened.result.close();
                const options = all.result.find((record) => record.options)?.options;
                resolve(`${options?.quality} ${options?.faces}`);
              };
            };
          }),
      ),
    )
    .toBe(`${quality} ${faces}`);

test('a quality is chosen, survives a reload, is sent, and is shown on the job’s page', async ({
  page,
  standIn,
  faults,
}) => {
  await openSignedIn(page, standIn);
  await choose(page);
  const quality = page.getByLabel('Quality');
  const triangles = page.getByLabel('Triangles');
  await expect(quality).toHaveValue('standard');
  await expect(page.locator('#quality-cost')).toHaveText("For most photos: the model's published settings.");
  await expect(triangles).toHaveAttribute('placeholder', '50,000');
  await quality.selectOption('High');
  await expect(page.locator('#quality-cost')).toContainText("twice the model's work");
  await expect(triangles).toHaveAttribute('placeholder', '150,000');
  await triangles.fill('120,000');

  await kept(page, 'high', '120,000');
  await page.reload();
  await page.getByText('Options').click();
  await expect(quality).toHaveValue('high');
  await expect(page.locator('#quality-cost')).toContainText("twice the model's work");
  await expect(triangles).toHaveValue('120,000');

  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await page.waitForURL(/\/jobs\/\w{26}$/);
  expect(standIn.lastRequests.get('create')).toMatchObject({
    options: { seed: 0, quality: 'high', faces: 120_000 },
  });
  await expect(page.locator('.job-submitted')).toContainText('high quality, 120,000 triangles, seed 0.');
  expect(faults).toEqual([]);
});

test('a number of triangles out of range is refused before anything is sent', async ({ page, standIn }) => {
  await openSignedIn(page, standIn);
  await choose(page);
  for (const wrong of ['999', '500001', 'many', '-2000', '1e4']) {
    await page.getByLabel('Triangles').fill(wrong);
    await page.getByRole('button', { name: 'Make 1 mesh' }).click();
    await expect(page.locator('#options-problem')).toContainText('from 1,000 to 500,000, or empty');
    await expect(page.getByLabel('Triangles')).toBeFocused();
  }
  expect(standIn.lastRequests.has('create')).toBe(false);
  await page.getByLabel('Triangles').fill('');
  await page.getByLabel('Quality').selectOption('Draft');
  await page.getByRole('button', { name: 'Make 1 mesh' }).click();
  await page.waitForURL(/\/jobs\/\w{26}$/);
  expect(standIn.lastRequests.get('create')).toMatchObject({ options: { quality: 'draft' } });
  expect(standIn.lastRequests.get('create')).not.toHaveProperty('options.faces');
});
