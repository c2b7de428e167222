import type { Page } from '@playwright/test';
import { draw, expect, openSignedIn, photo, places, reloadSaved, test } from './fixtures.ts';

const add = (page: Page) => page.getByRole('button', { name: 'Add a box' });

test.beforeEach(async ({ page, standIn }) => {
  await openSignedIn(page, standIn);
  await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee.jpg'));
  await expect(page.locator('.box-layer')).toBeVisible();
});

test('boxes are drawn one after the other, moved, resized and deleted with the mouse', async ({
  page,
  faults,
}) => {
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await draw(page, [0.9, 0.9], [0.6, 0.6]);
  await expect(places(page)).toHaveText([/^60, 40 – 240, 200$/, /^360, 240 – 540, 360$/]);

  // A click selects the second; a drag inside it moves it, and it stops at the photo's edge.
  const image = await page.getByRole('img', { name: 'The photo' }).boundingBox();
  if (!image) throw new Error('no photo');
  await page.mouse.click(image.x + image.width * 0.75, image.y + image.height * 0.75);
  await draw(page, [0.75, 0.75], [1.2, 0.75]);
  await expect(places(page).nth(1)).toHaveText('420, 240 – 600, 360');

  // A click selects the first; a drag on its corner resizes it.
  await page.mouse.click(image.x + image.width * 0.2, image.y + image.height * 0.2);
  await expect(page.locator('.object-row').first()).toHaveClass(/is-selected/);
  await draw(page, [0.4, 0.5], [0.5, 0.75]);
  await expect(places(page).first()).toHaveText('60, 40 – 300, 300');

  await page.getByRole('button', { name: 'Delete box 1' }).click();
  await expect(places(page)).toHaveText(['420, 240 – 600, 360']);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(places(page)).toHaveCount(2);
  await page.getByRole('button', { name: 'Delete all' }).click();
  await expect(page.getByText('the whole photo becomes one mesh')).toBeVisible();
  expect(faults).toEqual([]);
});

test('a box is selected and moved when timers fire late', async ({ page }) => {
  await page.evaluate(() => {
    const { setTimeout } = window;
    const late = (run: TimerHandler, ms = 0, ...rest: unknown[]) => setTimeout(run, ms + 1000, ...rest);
    window.setTimeout = late as typeof setTimeout;
  });
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  const image = await page.getByRole('img', { name: 'The photo' }).boundingBox();
  if (!image) throw new Error('no photo');
  await page.mouse.click(image.x + image.width * 0.2, image.y + image.height * 0.2);
  // All events of the drawing have been handled by now.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  await draw(page, [0.2, 0.2], [0.4, 0.2]);
  await expect(places(page)).toHaveText(['180, 40 – 360, 200']);
});

test('a click of any duration selects a box, and one outside it deselects', async ({ page }) => {
  await draw(page, [0.1, 0.1], [0.8, 0.8]);
  await draw(page, [0.4, 0.4], [0.6, 0.6]);
  const image = await page.getByRole('img', { name: 'The photo' }).boundingBox();
  if (!image) throw new Error('no photo');
  const click = (x: number, y: number) =>
    page.mouse.click(image.x + image.width * x, image.y + image.height * y, { delay: 700 });
  const rows = page.locator('.object-row');
  await click(0.2, 0.2);
  await expect(rows.nth(0)).toHaveClass(/is-selected/);
  // The smaller one, within the selected one.
  await click(0.5, 0.5);
  await expect(rows.nth(1)).toHaveClass(/is-selected/);
  await click(0.95, 0.95);
  await expect(page.locator('.object-row.is-selected')).toHaveCount(0);
  await expect(places(page)).toHaveText(['60, 40 – 480, 320', '240, 160 – 360, 240']);
});

test('a corner at the edge of the photo can be dragged from outside it, above other frames', async ({
  page,
}) => {
  await draw(page, [0.7, 0.7], [1.2, 1.2]);
  await draw(page, [0.6, 0.6], [0.98, 0.98]);
  const image = await page.getByRole('img', { name: 'The photo' }).boundingBox();
  if (!image) throw new Error('no photo');
  const at = (x: number, y: number): [number, number] => [
    image.x + image.width * x,
    image.y + image.height * y,
  ];
  await page.locator('.object-row').first().click();
  const [x, y] = at(1, 1);
  // The outer half of the handle is visible.
  const outside = await page.evaluate(
    ([left, top]) => document.elementFromPoint(left, top)?.closest('.box-surface') !== null,
    [x + 3, y + 3] as const,
  );
  expect(outside).toBe(true);
  await page.mouse.move(x + 6, y + 6);
  await page.mouse.down();
  await page.mouse.move(...at(0.9, 0.9), { steps: 4 });
  await page.mouse.up();
  await expect(places(page).first()).toHaveText(/^420, 280 – (53\d), (35\d)$/);
  const above = await page.evaluate(() => {
    const [frames, layer] = [document.querySelector('.box-frames'), document.querySelector('.box-layer')];
    return (frames?.compareDocumentPosition(layer as Node) ?? 0) & Node.DOCUMENT_POSITION_FOLLOWING;
  });
  expect(above, 'the layer with the handles comes after the frames').not.toBe(0);
});

test('undone changes are redone with keys and with the button', async ({ page }) => {
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await draw(page, [0.6, 0.6], [0.9, 0.9]);
  await page.getByLabel('Label of object 1').fill('cup');
  await add(page).focus();
  const redo = page.getByRole('button', { name: 'Redo' });
  await expect(redo).toBeHidden();
  for (const keys of ['Control+y', 'Control+Shift+Z', 'Meta+Shift+Z']) {
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await expect(places(page)).toHaveCount(0);
    await page.keyboard.press(keys);
    await page.keyboard.press(keys);
    await expect(places(page)).toHaveText(['60, 40 – 240, 200', '360, 240 – 540, 360']);
  }
  await expect(page.getByLabel('Label of object 1')).toHaveValue('cup');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(places(page)).toHaveCount(1);
  await redo.click();
  await expect(places(page)).toHaveCount(2);
  await expect(redo).toBeHidden();
});

test('keys of undo and redo belong to the text field that has the focus, and to no box behind a dialog', async ({
  page,
  standIn,
}) => {
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  standIn.addJob({});
  await reloadSaved(page);
  await expect(page.getByText('coffee.jpg with 1 box is back')).toBeVisible();
  await draw(page, [0.6, 0.6], [0.9, 0.9]);
  await expect(places(page)).toHaveCount(2);
  const search = page.getByRole('searchbox', { name: 'Search your jobs by photo name or label' });
  await search.pressSequentially('cup');
  await page.keyboard.press('Control+z');
  await expect(search).not.toHaveValue('cup');
  await expect(places(page)).toHaveCount(2);
  await page.getByRole('button', { name: 'Discard' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(places(page)).toHaveCount(2);
  await add(page).focus();
  await page.keyboard.press('Control+z');
  await expect(places(page)).toHaveCount(1);
});

test('the focus moves to another control when the focused element is removed', async ({ page }) => {
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
  // Choosing the photo focused its name and announced it.
  await expect(page.getByRole('heading', { name: 'coffee.jpg' })).toBeFocused();
  await expect(page.getByText('coffee.jpg is ready: 600 by 400 pixels.')).toBeAttached();

  await add(page).press('Enter');
  await page.keyboard.press('Delete');
  await expect(places(page)).toHaveCount(0);
  await expect(add(page)).toBeFocused();
  await add(page).press('Enter');
  await page.getByRole('button', { name: 'Delete box 1' }).press('Enter');
  await expect(add(page)).toBeFocused();
  await add(page).press('Enter');
  await page.getByRole('button', { name: 'Delete all' }).press('Enter');
  await expect(add(page)).toBeFocused();
  const undo = page.getByRole('button', { name: 'Undo' });
  await undo.focus();
  while (await undo.isVisible()) await page.keyboard.press('Enter');
  expect(await focused()).not.toBe('');
  await expect(add(page)).toBeFocused();
  // A row's own field is removed with its box.
  await page.getByRole('button', { name: 'Redo' }).click();
  await page.getByRole('button', { name: 'Delete box 1' }).focus();
  await page.keyboard.press('Control+z');
  await expect(add(page)).toBeFocused();
});

test('a drag that leaves the photo ends at its edge, and a box can start inside another', async ({
  page,
}) => {
  await draw(page, [0.5, 0.5], [1.3, 1.2]);
  await expect(places(page)).toHaveText(['300, 200 – 600, 400']);
  await draw(page, [0.6, 0.6], [0.9, 0.9]);
  await draw(page, [0.7, 0.7], [0.4, 0.4]);
  await expect(places(page)).toHaveText([/^300, 200/, '360, 240 – 540, 360', '240, 160 – 420, 280']);
});

test('a box that is too small is refused with a message', async ({ page }) => {
  await draw(page, [0.5, 0.5], [0.62, 0.511]);
  await expect(page.getByText('each side needs at least 8 pixels')).toBeVisible();
  await expect(places(page)).toHaveCount(0);
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await expect(places(page)).toHaveCount(1);
});

test('boxes are added, moved, resized, named and deleted with keys alone', async ({ page }) => {
  await page.getByRole('button', { name: 'Add a box' }).focus();
  await page.keyboard.press('Enter');
  const first = page.getByRole('button', { name: /^Object 1: 200 × 133 pixels at 200, 134/ });
  await expect(first).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Alt+ArrowUp');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(places(page)).toHaveText(['206, 133 – 406, 272']);
  await page.keyboard.press('Enter');
  await page.keyboard.type('cup');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: /^Object 1, cup/ })).toBeFocused();

  await page.getByRole('button', { name: 'Add a box' }).press('Enter');
  await expect(page.getByRole('button', { name: /^Object 2/ })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(page.getByRole('button', { name: /^Object 1, cup/ })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: /^Object 2/ })).toBeFocused();
  await page.keyboard.press('Delete');
  await expect(places(page)).toHaveCount(1);
  await expect(page.getByRole('button', { name: /^Object 1, cup/ })).toBeFocused();
  await page.keyboard.press('ControlOrMeta+z');
  await expect(places(page)).toHaveCount(2);
});

test('at most sixteen boxes can be drawn', async ({ page }) => {
  for (let i = 0; i < 16; i += 1) await add(page).click();
  await expect(add(page)).toBeDisabled();
  await expect(page.getByText('16 of 16')).toBeVisible();
  await page.keyboard.press('Escape');
  await draw(page, [0.02, 0.02], [0.3, 0.3]);
  await expect(places(page)).toHaveCount(16);
});

test('boxes on a rotated photo are in its orientation as shown', async ({ page }) => {
  await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee-orientation-6.jpg'));
  await expect(page.getByRole('heading', { name: 'coffee-orientation-6.jpg' })).toBeVisible();
  await expect(page.getByText('600 × 400 px')).toBeVisible();
  await draw(page, [0.5, 0.5], [1.2, 1.2]);
  await expect(places(page)).toHaveText(['300, 200 – 600, 400']);
});

for (const viewport of [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]) {
  test(`no move of a drag reads the layout, with sixteen boxes at ${viewport.width} × ${viewport.height}`, async ({
    page,
  }) => {
    await page.setViewportSize(viewport);
    for (let i = 0; i < 16; i += 1) await add(page).click();
    await expect(places(page)).toHaveCount(16);
    const [before] = await places(page).allTextContents();
    const frame = page.locator('.box-surface .box-frame').first();
    await frame.focus();
    await frame.scrollIntoViewIfNeeded();
    const bounds = await frame.boundingBox();
    if (!bounds) throw new Error('no box');
    const [x, y] = [bounds.x + bounds.width / 2, bounds.y + bounds.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 4, y + 4);
    await page.evaluate(() => {
      const reads: string[] = [];
      Object.assign(window, { reads });
      const note = (of: object, names: readonly string[]): void => {
        for (const name of names) {
          const { value, get, ...rest } = Object.getOwnPropertyDescriptor(of, name) ?? {};
          const noted = (read: unknown) =>
            function (this: unknown, ...args: unknown[]): unknown {
              reads.push(name);
              return (read as (...args: unknown[]) => unknown).apply(this, args);
            };
          Object.defineProperty(
            of,
            name,
            value ? { ...rest, value: noted(value) } : { ...rest, get: noted(get) },
          );
        }
      };
      const sides = ['Width', 'Height', 'Left', 'Top'];
      note(Element.prototype, ['getBoundingClientRect', 'getClientRects', 'scrollTop', 'scrollLeft']);
      note(
        Element.prototype,
        sides.map((side) => `client${side}`),
      );
      note(
        HTMLElement.prototype,
        sides.map((side) => `offset${side}`),
      );
      note(window, ['getComputedStyle', 'scrollX', 'scrollY']);
    });
    await page.mouse.move(x + 60, y + 30, { steps: 12 });
    await page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
    );
    const reads = () => page.evaluate(() => (window as unknown as { reads: string[] }).reads);
    expect(await reads()).toEqual([]);
    await page.mouse.up();
    // A press reads where the photo is.
    await page.mouse.down();
    expect(await reads()).not.toEqual([]);
    await page.mouse.up();
    expect((await places(page).allTextContents())[0]).not.toBe(before);
  });
}

test.describe('by touch', () => {
  test.use({ hasTouch: true, viewport: { width: 390, height: 844 } });

  test('boxes are drawn and moved with a finger', async ({ page }) => {
    const image = page.getByRole('img', { name: 'The photo' });
    await image.scrollIntoViewIfNeeded();
    const bounds = await image.boundingBox();
    if (!bounds) throw new Error('no photo');
    const client = await page.context().newCDPSession(page);
    const swipe = async (from: [number, number], to: [number, number]): Promise<void> => {
      const at = ([x, y]: [number, number]) => [
        { x: bounds.x + bounds.width * x, y: bounds.y + bounds.height * y },
      ];
      await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(from) });
      for (let step = 1; step <= 6; step += 1) {
        const between: [number, number] = [
          from[0] + ((to[0] - from[0]) * step) / 6,
          from[1] + ((to[1] - from[1]) * step) / 6,
        ];
        await client.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(between) });
      }
      await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    };
    await swipe([0.1, 0.1], [0.4, 0.5]);
    await expect(places(page)).toHaveText([/^(59|60|61), (39|40|41) – (239|240|241), (199|200|201)$/]);
    await page.touchscreen.tap(bounds.x + bounds.width * 0.25, bounds.y + bounds.height * 0.3);
    await expect(page.locator('.object-row').first()).toHaveClass(/is-selected/);
    await swipe([0.25, 0.3], [0.45, 0.3]);
    await expect(places(page)).toHaveText([/^(179|180|181), (39|40|41) – (359|360|361), (199|200|201)$/]);
    await swipe([0.1, 0.6], [0.4, 0.9]);
    await expect(places(page)).toHaveCount(2);
  });

  test('a corner can be dragged from 14 px away and more, outside the photo too', async ({ page }) => {
    await draw(page, [0.3, 0.3], [0.6, 0.6]);
    await page.locator('.object-row').first().click();
    await expect(page.locator('.object-row').first()).toHaveClass(/is-selected/);
    const image = page.getByRole('img', { name: 'The photo' });
    await image.scrollIntoViewIfNeeded();
    const bounds = await image.boundingBox();
    if (!bounds) throw new Error('no photo');
    const client = await page.context().newCDPSession(page);
    /** Drags a point, given as an offset right of and below the first position, to the second. */
    const drag = async (
      from: [number, number],
      by: [number, number],
      to: [number, number],
    ): Promise<void> => {
      const touch = (type: 'touchStart' | 'touchMove', [x, y]: [number, number]) =>
        client.send('Input.dispatchTouchEvent', {
          type,
          touchPoints: [{ x: bounds.x + bounds.width * x + by[0], y: bounds.y + bounds.height * y + by[1] }],
        });
      await expect(page.locator('.box-frame.is-selected')).toHaveCount(1);
      await touch('touchStart', from);
      await touch('touchMove', [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]);
      await touch('touchMove', to);
      await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    };
    const near = (x0: number, y0: number, x1: number, y1: number) => async () => {
      const numbers = (await places(page).allTextContents()).flatMap((text) => text.split(/\D+/).map(Number));
      return [x0, y0, x1, y1].map((wanted, at) => Math.abs(wanted - (numbers[at] ?? -9)) <= 2).join();
    };
    await drag([0.6, 0.6], [14, 14], [0.8, 0.9]);
    await expect(places(page)).toHaveCount(1);
    await expect.poll(near(180, 120, 480, 360)).toBe('true,true,true,true');
    await drag([0.3, 0.3], [-20, -4], [0.1, 0.1]);
    await expect.poll(near(60, 40, 480, 360)).toBe('true,true,true,true');
    // To the edge of the photo, and back from outside it.
    await drag([0.8, 0.9], [0, 0], [1.02, 1.02]);
    await expect.poll(near(60, 40, 600, 400)).toBe('true,true,true,true');
    await drag([1, 1], [9, 12], [0.8, 0.9]);
    await expect.poll(near(60, 40, 480, 360)).toBe('true,true,true,true');
    await expect(places(page)).toHaveCount(1);
  });

  test('text fields are large enough for iOS not to zoom the page', async ({ page }) => {
    await add(page).click();
    await page.getByText('Options').click();
    const fields = page.locator(
      'select, textarea, input:not([type="checkbox"], [type="radio"], [type="file"])',
    );
    await expect(fields.and(page.getByLabel('Seed'))).toBeVisible();
    for (const field of await fields.all()) {
      const size = await field.evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize));
      expect(size).toBeGreaterThanOrEqual(16);
    }
  });
});
