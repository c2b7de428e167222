import { readFile } from 'node:fs/promises';
import { type Download, expect, type Locator, type Page } from '@playwright/test';

/** The objects of a job that is downloaded: one with a label, one without, and one that failed. */
export const taken = [
  { label: 'cup', box: [120, 60, 420, 320] },
  { box: [20, 60, 90, 320] },
  { label: 'gone', box: [1, 1, 20, 20], fails: 'No object found.' },
];

/** Opens the downloads of an object or of the scene, whose card is given. */
export async function openDownloads(card: Locator): Promise<Locator> {
  await card.getByRole('button', { name: /^Download/ }).click();
  const dialog = card.getByRole('dialog');
  await expect(dialog).toBeVisible();
  return dialog;
}

export const closeDialog = (dialog: Locator): Promise<void> =>
  dialog.getByRole('button', { name: 'Close' }).click();

/** Makes the browser one that can save a file only when it is complete, as Firefox and Safari. */
export const withoutFilePicker = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    Reflect.deleteProperty(window, 'showSaveFilePicker');
  });

export const contentOf = async (download: Download): Promise<Buffer> => readFile(await download.path());

/** Makes the browser one that has AR Quick Look, as far as a page can see it. */
export const quickLook = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    const supports = DOMTokenList.prototype.supports;
    DOMTokenList.prototype.supports = function (token: string) {
      return token === 'ar' || supports.call(this, token);
    };
  });
