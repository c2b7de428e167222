import { draw, expect, photo, signIn, test } from './fixtures.ts';

const places = (page: import('@playwright/test').Page) => page.locator('.object-place span:first-child');

test.beforeEach(async ({ page, standIn }) => {
  await signIn(page, standIn.url);
  await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee.jpg'));
  await expect(page.locator('.a9s-annotationlayer')).toBeVisible();
});

test('boxes are drawn one after the other, moved, resized and deleted with the mouse', async ({
  page,
  faults,
}) => {
  await draw(page, [0.1, 0.1], [0.4, 0.5]);
  await draw(page, [0.9, 0.9], [0.6, 0.6]);
  await expect(places(page)).toHaveText([/^60, 40 – 240, 200$/, /^360, 240 – 540, 360$/]);

  // A click chooses the second; a drag inside it moves it, and it stops at the photo's edge.
  const image = await page.getByRole('img', { name: 'The photo' }).boundingBox();
  if (!image) throw new Error('no photo');
  await page.mouse.click(image.x + image.width * 0.75, image.y + image.height * 0.75);
  await draw(page, [0.75, 0.75], [1.2, 0.75]);
  await expect(places(page).nth(1)).toHaveText('420, 240 – 600, 360');

  // A click chooses the first; a drag on its corner resizes it.
  await page.mouse.click(image.x + image.width * 0.2, image.y + image.height * 0.2);
  await expect(page.locator('.object-row').first()).toHaveClass(/is-selected/);
  await draw(page, [0.4, 0.5], [0.5, 0.75]);
  await expect(places(page).first()).toHaveText('60, 40 – 300, 300');

  await page.getByRole('button', { name: 'Delete box 1' }).click();
  await expect(places(page)).toHaveText(['420, 240 – 600, 360']);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(places(page)).toHaveCount(2);
  await page.getByRole('button', { name: 'Clear all' }).click();
  await expect(page.getByText('the whole picture is taken as one object')).toBeVisible();
  expect(faults).toEqual([]);
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

test('a box that is too small is refused in words', async ({ page }) => {
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

test('sixteen boxes are the most', async ({ page }) => {
  const add = page.getByRole('button', { name: 'Add a box' });
  for (let i = 0; i < 16; i += 1) await add.click();
  await expect(add).toBeDisabled();
  await expect(page.getByText('16 of 16')).toBeVisible();
  await page.keyboard.press('Escape');
  await draw(page, [0.02, 0.02], [0.3, 0.3]);
  await expect(places(page)).toHaveCount(16);
});

test('a turned photo is boxed as it is shown', async ({ page }) => {
  await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee-orientation-6.jpg'));
  await expect(page.getByText('600 × 400 px')).toBeVisible();
  await draw(page, [0.5, 0.5], [1.2, 1.2]);
  await expect(places(page)).toHaveText(['300, 200 – 600, 400']);
});

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
});
