import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { expect, photo, places, test, watchPage } from './fixtures.ts';
import { expectChange, expectMeshDrawn, look, tab, view } from './viewer.ts';

const url = process.env.GEN3D_URL?.replace(/\/$/, '') ?? '';

/** More presses of Tab than any view has stops. */
const most = 60;

/** What has the focus, for a message, and whether the user sees that it has. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement ?? document.body;
    const { top, bottom, left, right } = element.getBoundingClientRect();
    return {
      what: element.outerHTML.slice(0, 120),
      isShown: element.matches(':focus-visible'),
      isInWindow: bottom > 0 && top < window.innerHeight && right > 0 && left < window.innerWidth,
    };
  });

/** Presses Tab, or Shift + Tab, until this element has the focus. Each stop is seen. */
async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await expect(target).toBeVisible();
  const stops: string[] = [];
  while (stops.length < most) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
    const { what, isShown, isInWindow } = await focused(page);
    expect({ isShown, isInWindow }, `the focus on ${what}`).toEqual({ isShown: true, isInWindow: true });
    stops.push(what);
  }
  throw new Error(`${key} does not reach ${target}, but\n${stops.join('\n')}`);
}

async function press(page: Page, key: string, times = 1): Promise<void> {
  for (let i = 0; i < times; i += 1) await page.keyboard.press(key);
}

test.describe('by keyboard alone', () => {
  test.skip(url === '', 'GEN3D_URL names no running `gen3d local`');

  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ]) {
    test.describe(`at ${viewport.width} × ${viewport.height}`, () => {
      test.use({ viewport });

      test('a user signs in, boxes an object, corrects its mask, and downloads its mesh', async ({
        page,
      }) => {
        test.setTimeout(300_000);
        const faults = watchPage(page);
        const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
        page.on('filechooser', (chooser) => void chooser.setFiles(photo('coffee.jpg')));
        await page.goto(url);
        await tabTo(page, button('Sign in'));
        await page.keyboard.press('Enter');
        await tabTo(page, page.getByRole('button', { name: 'testuser001' }));
        await page.keyboard.press('Enter');

        await tabTo(page, page.getByLabel('Drop a photo here'));
        await page.keyboard.press('Enter');
        await expect(page.getByRole('heading', { level: 2, name: 'coffee.jpg' })).toBeFocused();

        await tabTo(page, button('Add a box'));
        await page.keyboard.press('Enter');
        await expect(button(/^Object 1:/)).toBeFocused();
        const before = await places(page).textContent();
        await press(page, 'ArrowUp', 8);
        await press(page, 'ArrowLeft', 3);
        await press(page, 'Shift+ArrowDown', 14);
        await press(page, 'Shift+ArrowRight', 12);
        await expect(places(page)).not.toHaveText(before ?? '');
        await page.keyboard.press('Enter');
        await expect(page.getByLabel('Label of object 1')).toBeFocused();
        await page.keyboard.type('cup');

        await tabTo(page, button('Check mask of object 1'));
        await page.keyboard.press('Enter');
        const status = page.locator('.bench-photo .status');
        await expect(status).toHaveText(/The mask covers \d+% of the photo\./);
        await expect(page.locator('.mask-surface')).toBeFocused();
        await press(page, 'ArrowUp', 2);
        await expect(status).toHaveText(/^Crosshair at/);
        await page.keyboard.press('Enter');
        await expect(page.locator('.mask-point')).toHaveCount(1);
        await expect(status).toHaveText(/The mask covers \d+% of the photo\./);
        await tabTo(page, button('Use this mask'));
        await page.keyboard.press('Enter');
        await expect(button('Edit mask of object 1')).toBeFocused();

        await tabTo(page, button('Make 1 mesh'));
        await page.keyboard.press('Enter');
        await page.waitForURL(/\/jobs\/[0-9a-z]{26}$/);
        await expect(page.locator('.job-lead', { hasText: 'The mesh is ready.' })).toBeVisible();
        await expectMeshDrawn(page, 'cup');

        // The strip: the photo, and back to the object.
        await tabTo(page, tab(page, 'cup'));
        await page.keyboard.press('Home');
        await expect(page.getByRole('img', { name: 'The photo coffee.jpg' })).toBeVisible();
        await expect(tab(page, 'Photo')).toBeFocused();
        await page.keyboard.press('End');
        await expectMeshDrawn(page, 'cup');

        // The stage: turned, in clay, under another light.
        await tabTo(page, view(page, 'cup'));
        let seen = await look(page);
        await page.keyboard.press('ArrowLeft');
        seen = await expectChange(page, seen, 'turned by a key');
        await tabTo(page, page.getByRole('radio', { name: 'Textured' }));
        await page.keyboard.press('ArrowRight');
        await expect(page.getByRole('radio', { name: 'Clay' })).toBeChecked();
        await expectChange(page, seen, 'the clay');
        await tabTo(page, button('Light'));
        await page.keyboard.press('Enter');
        await tabTo(page, page.getByRole('slider', { name: 'Exposure' }));
        await page.keyboard.press('ArrowRight');
        await expect(page.getByText('+0.25 EV')).toBeVisible();
        await page.keyboard.press('Escape');
        await expect(button('Light')).toBeFocused();

        await tabTo(page, button('Download cup'), 'Shift+Tab');
        await page.keyboard.press('Enter');
        await tabTo(page, page.getByRole('dialog').getByRole('link', { name: /^GLB/ }));
        const download = page.waitForEvent('download');
        await page.keyboard.press('Enter');
        const file = await download;
        expect(file.suggestedFilename()).toBe('coffee-1-cup.glb');
        expect((await readFile(await file.path())).toString('latin1', 0, 4)).toBe('glTF');
        await page.keyboard.press('Escape');
        await expect(button('Download cup')).toBeFocused();
        expect(faults).toEqual([]);
      });
    });
  }
});
