import type { Page } from '@playwright/test';
import { holdDecoding } from './decoding.ts';
import { expect, openSignedIn, photo, test } from './fixtures.ts';
import type { StandIn } from './standin/service.ts';

/** Opens the page with a photo that is not decoded until the function that is returned is called. */
async function undecoded(page: Page, standIn: StandIn): Promise<() => Promise<void>> {
  const decode = await holdDecoding(page);
  await openSignedIn(page, standIn);
  await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee.jpg'));
  await expect(page.getByRole('heading', { name: 'coffee.jpg', level: 2 })).toBeVisible();
  return decode;
}

test('a box that is chosen or added while a photo is decoded is selected, and its mask opens', async ({
  page,
  standIn,
}) => {
  const decode = await undecoded(page, standIn);
  const rows = page.locator('.object-row');
  const add = page.getByRole('button', { name: 'Add a box' });
  await add.click();
  await add.click();
  await expect(rows.nth(1)).toHaveClass(/is-selected/);
  await page.getByLabel('Label of object 1').click();
  await expect(rows.nth(0)).toHaveClass(/is-selected/);
  await expect(rows.nth(1)).not.toHaveClass(/is-selected/);
  await page.getByRole('button', { name: 'Check mask of object 2' }).click();
  await expect(rows.nth(1)).toHaveClass(/is-selected/);
  await decode();
  await expect(rows.nth(1)).toHaveClass(/is-selected/);
  await expect(page.getByRole('region', { name: 'Mask of object 2' })).toBeVisible();
});

test('a box that is removed and comes back while a photo is decoded can be selected', async ({
  page,
  standIn,
}) => {
  const decode = await undecoded(page, standIn);
  await page.getByRole('button', { name: 'Add a box' }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await decode();
  await page.getByRole('button', { name: 'Redo' }).click();
  const row = page.locator('.object-row');
  await expect(row).not.toHaveClass(/is-selected/);
  await page.getByLabel('Label of object 1').click();
  await expect(row).toHaveClass(/is-selected/);
});

test('a mask that was asked for while a photo is decoded opens only if the user has not moved on', async ({
  page,
  standIn,
}) => {
  const decode = await undecoded(page, standIn);
  await page.getByRole('button', { name: 'Add a box' }).click();
  const tools = page.waitForResponse(/\/assets\/tools-[^/]*\.js$/);
  await page.getByRole('button', { name: 'Check mask of object 1' }).click();
  await (await tools).finished();
  const label = page.getByLabel('Label of object 1');
  await label.fill('cup');
  await decode();
  const mask = page.getByRole('region', { name: 'Mask of object 1' });
  await label.press('End');
  await expect(mask).toHaveCount(0);
  await expect(label).toBeFocused();
  await page.getByRole('button', { name: 'Check mask of object 1' }).click();
  await expect(mask).toBeVisible();
});
