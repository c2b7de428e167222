import { expect, type Locator, type Page } from '@playwright/test';

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
