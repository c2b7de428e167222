import type { CDPSession, Page } from '@playwright/test';
import { expectAccessibleInBothSchemes } from './axe.ts';
import { draw, expect, largePhoto, openSignedIn, photo, places, test } from './fixtures.ts';

/** A position on the screen, or in the photo, in pixels. */
type Place = readonly [number, number];

const view = (page: Page) => page.locator('.photo-view');
const bar = (page: Page) => page.getByRole('group', { name: 'Zoom' });
const level = (page: Page) => page.locator('.zoom-level');
const status = (page: Page) => page.locator('.bench-photo .status');

/** Where a pixel of the photo is on the screen, and how large. */
async function onScreen(page: Page, [x, y]: Place): Promise<{ at: Place; pixel: number }> {
  return page.locator('.photo-view img').evaluate(
    (image, [px, py]) => {
      const { left, top, width } = image.getBoundingClientRect();
      const pixel = width / (image as HTMLImageElement).naturalWidth;
      return { at: [left + px * pixel, top + py * pixel] as const, pixel };
    },
    [x, y] as const,
  );
}

/** The corner of the view, and its size, on the screen. */
async function viewOnScreen(page: Page) {
  const bounds = await view(page).boundingBox();
  if (!bounds) throw new Error('no photo');
  return bounds;
}

/** Touches of several fingers at once; one array of fingers a step. */
async function touch(client: CDPSession, ...steps: readonly (readonly Place[])[]): Promise<void> {
  for (const [i, fingers] of steps.entries()) {
    const touchPoints = fingers.map(([x, y], id) => ({ x, y, id }));
    const more = fingers.length > (steps[i - 1]?.length ?? 0);
    await client.send('Input.dispatchTouchEvent', { type: more ? 'touchStart' : 'touchMove', touchPoints });
  }
  await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

/** Spreads two fingers around a place, from `from` to `to` pixels apart, and moves them by `by`. */
async function pinch(client: CDPSession, [x, y]: Place, from: number, to: number, by: Place = [0, 0]) {
  const steps = [0, 0.25, 0.5, 0.75, 1].map((share): Place[] => {
    const half = (from + (to - from) * share) / 2;
    const [cx, cy] = [x + by[0] * share, y + by[1] * share];
    return [
      [cx - half, cy],
      [cx + half, cy],
    ];
  });
  await touch(client, [steps[0]?.[0] as Place], ...steps);
}

/** A drag of one finger in several steps. */
const swipe = (client: CDPSession, from: Place, to: Place) =>
  touch(
    client,
    ...[0, 0.25, 0.5, 0.75, 1].map((share): Place[] => [
      [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share],
    ]),
  );

async function drag(page: Page, from: Place, to: Place): Promise<void> {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2, { steps: 3 });
  await page.mouse.move(...to, { steps: 3 });
  await page.mouse.up();
}

/** Runs a step with the Ctrl key held down. */
async function withCtrl(page: Page, step: () => Promise<void>): Promise<void> {
  await page.keyboard.down('Control');
  await step();
  await page.keyboard.up('Control');
}

async function choose(page: Page, file: Parameters<ReturnType<Page['getByLabel']>['setInputFiles']>[0]) {
  await page.getByLabel('Drop a photo here').setInputFiles(file);
  await expect(page.locator('.box-layer')).toBeVisible();
  await view(page).scrollIntoViewIfNeeded();
}

test.describe('by touch', () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 }, deviceScaleFactor: 3 });

  test('a box is drawn on exactly the pixels of a photo of 12 megapixels', async ({
    page,
    standIn,
    faults,
  }) => {
    await openSignedIn(page, standIn);
    await choose(page, await largePhoto(page));
    const client = await page.context().newCDPSession(page);
    const middle: Place = [1262, 583];
    const scroll = await page.evaluate(() => window.scrollY);
    // The fingers hold the place between them, until a pixel of the photo is as large as it gets.
    for (const _ of [1, 2, 3]) {
      const { at } = await onScreen(page, middle);
      await pinch(client, at, 40, 160);
      const held = await onScreen(page, middle);
      expect(Math.hypot(held.at[0] - at[0], held.at[1] - at[1])).toBeLessThan(2);
    }
    await expect.poll(async () => (await onScreen(page, middle)).pixel).toBeCloseTo(4, 5);
    await expect(places(page)).toHaveCount(0);
    expect(await page.evaluate(() => window.scrollY)).toBe(scroll);
    expect(await page.evaluate(() => window.visualViewport?.scale)).toBe(1);

    // Two fingers move the photo: the place comes to the middle of the view.
    const bounds = await viewOnScreen(page);
    const center: Place = [bounds.x + bounds.width / 2, bounds.y + bounds.height / 2];
    const { at } = await onScreen(page, middle);
    await pinch(client, at, 60, 60, [center[0] - at[0], center[1] - at[1]]);
    const moved = await onScreen(page, middle);
    expect(Math.hypot(moved.at[0] - center[0], moved.at[1] - center[1])).toBeLessThan(2);
    await expect(places(page)).toHaveCount(0);

    const corner = async (pixel: Place) => (await onScreen(page, pixel)).at;
    await swipe(client, await corner([1234, 567]), await corner([1290, 600]));
    await expect(places(page)).toHaveText(['1234, 567 – 1290, 600']);
    // A corner of the selected box goes to exactly the next pixel.
    const [x, y] = await corner([1262, 583]);
    await page.touchscreen.tap(x, y);
    await expect(page.locator('.box-frame.is-selected')).toHaveCount(1);
    const [right, bottom] = await corner([1290, 600]);
    await swipe(client, [right + 3, bottom + 3], [right + 3 + 4, bottom + 3 - 40]);
    await expect(places(page)).toHaveText(['1234, 567 – 1291, 590']);
    await page.screenshot({ path: test.info().outputPath('phone-box.png') });
    await expectAccessibleInBothSchemes(page);

    await bar(page).getByRole('button', { name: 'Whole photo' }).tap();
    await expect(level(page)).toHaveText('1×');
    await expect(places(page)).toHaveText(['1234, 567 – 1291, 590']);
    expect(faults).toEqual([]);
  });

  test('one finger draws on the photo and scrolls the page beside it; a second finger draws nothing', async ({
    page,
    standIn,
  }) => {
    await openSignedIn(page, standIn);
    await choose(page, photo('coffee.jpg'));
    const client = await page.context().newCDPSession(page);
    const scrolled = () => page.evaluate(() => window.scrollY);
    const bounds = await viewOnScreen(page);
    const at = (x: number, y: number): Place => [bounds.x + bounds.width * x, bounds.y + bounds.height * y];
    const before = await scrolled();
    await swipe(client, at(0.2, 0.8), at(0.6, 0.2));
    await expect(places(page)).toHaveCount(1);
    expect(await scrolled()).toBe(before);

    // The first finger has begun a box when the second one comes.
    await touch(
      client,
      [at(0.2, 0.2)],
      [at(0.3, 0.4)],
      [at(0.3, 0.4), at(0.7, 0.6)],
      [at(0.2, 0.3), at(0.8, 0.7)],
    );
    await expect(level(page)).not.toHaveText('1×');
    await expect(page.locator('.box-band')).toBeHidden();
    await expect(places(page)).toHaveCount(1);
    await bar(page).getByRole('button', { name: 'Whole photo' }).tap();

    // The same for a drag of the selected box, which goes back.
    await page.touchscreen.tap(...at(0.4, 0.5));
    await expect(page.locator('.box-frame.is-selected')).toHaveCount(1);
    const [was] = await places(page).allTextContents();
    await touch(
      client,
      [at(0.4, 0.5)],
      [at(0.5, 0.6)],
      [at(0.5, 0.6), at(0.9, 0.9)],
      [at(0.4, 0.5), at(1, 1)],
    );
    await expect(level(page)).not.toHaveText('1×');
    await expect(places(page)).toHaveText([was ?? '']);

    // With the hand one finger moves the photo.
    const hand = bar(page).getByRole('button', { name: 'Move photo' });
    await hand.tap();
    await expect(hand).toHaveAttribute('aria-pressed', 'true');
    const [before2, after] = [await onScreen(page, [0, 0]), at(0.5, 0.5)];
    await swipe(client, after, [after[0] - 20, after[1] - 30]);
    const moved = await onScreen(page, [0, 0]);
    expect(moved.at[0] - before2.at[0]).toBeCloseTo(-20, 0);
    expect(moved.at[1] - before2.at[1]).toBeCloseTo(-30, 0);
    await expect(places(page)).toHaveText([was ?? '']);
    await bar(page).getByRole('button', { name: 'Whole photo' }).tap();
    await expect(hand).toBeHidden();

    const list = await page.locator('.objects').boundingBox();
    if (!list) throw new Error('no list');
    const start = await scrolled();
    await swipe(client, [list.x + 150, list.y + 30], [list.x + 150, list.y - 120]);
    await expect.poll(scrolled).not.toBe(start);
  });

  test('a mask is painted by finger where the zoomed photo shows it', async ({ page, standIn }) => {
    await openSignedIn(page, standIn);
    await choose(page, await largePhoto(page));
    await draw(page, [0.1, 0.02], [0.83, 0.99]);
    await page.getByRole('button', { name: 'Check mask of object 1' }).tap();
    await expect(status(page)).toHaveText(/The mask covers \d+% of the photo\./);
    const client = await page.context().newCDPSession(page);
    await page
      .getByRole('region', { name: /^Mask of object/ })
      .getByRole('button', { name: 'Brush' })
      .tap();
    await view(page).scrollIntoViewIfNeeded();
    const middle: Place = [200, 200];
    const ring = () => page.locator('.mask-ring').evaluate((one) => one.getBoundingClientRect().width);
    const width = await ring();
    for (const _ of [1, 2]) await pinch(client, (await onScreen(page, middle)).at, 40, 120);
    const { pixel } = await onScreen(page, middle);
    expect(pixel).toBeGreaterThan(0.5);
    expect(await ring(), 'the brush keeps its size on the screen').toBeCloseTo(width, 1);
    await expect(page.locator('.mask-point')).toHaveCount(0);

    const inside = async ([x, y]: Place): Promise<boolean> => {
      const { at } = await onScreen(page, [x, y]);
      await page.evaluate(
        () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
      );
      return page.locator('.mask-surface canvas.mask-tint').evaluate((canvas, [left, top]) => {
        const { width: wide, height: tall } = canvas as HTMLCanvasElement;
        if (Math.max(wide, tall) > 1600) throw new Error(`the canvas is ${wide} × ${tall}`);
        const box = canvas.getBoundingClientRect();
        const [column, row] = [((left - box.left) / box.width) * wide, ((top - box.top) / box.height) * tall];
        const data = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(column, row, 1, 1).data;
        return data?.[3] !== 0;
      }, at);
    };
    const radius = width / 2 / pixel;
    expect(await inside([200, 200])).toBe(false);
    await swipe(client, (await onScreen(page, [180, 200])).at, (await onScreen(page, [230, 200])).at);
    await expect.poll(() => inside([200, 200])).toBe(true);
    // The stroke is as wide as the brush is shown.
    expect(await inside([200, Math.ceil(200 + radius + 2)])).toBe(false);
    expect(await inside([200, Math.floor(200 + radius - 2)])).toBe(true);
    await page.screenshot({ path: test.info().outputPath('phone-mask.png') });
    await expectAccessibleInBothSchemes(page);
  });
});

test.describe('with mouse and keys', () => {
  test.use({ viewport: { width: 1440, height: 900 } });

  test('the wheel, Space and the buttons zoom and move the photo', async ({ page, standIn, faults }) => {
    await openSignedIn(page, standIn);
    await choose(page, await largePhoto(page));
    // The wheel's position is in whole pixels of the screen.
    const near = await onScreen(page, [1000, 2000]);
    const at: Place = [Math.floor(near.at[0]), Math.floor(near.at[1])];
    const pointed: Place = [
      1000 + (at[0] - near.at[0]) / near.pixel,
      2000 + (at[1] - near.at[1]) / near.pixel,
    ];
    await page.mouse.move(...at);
    const scrolled = () => page.evaluate(() => window.scrollY);
    const start = await scrolled();
    // Without Ctrl the wheel scrolls the page.
    await page.mouse.wheel(0, 60);
    await expect.poll(scrolled).not.toBe(start);
    await page.evaluate((top) => window.scrollTo(0, top), start);
    await expect.poll(scrolled).toBe(start);

    await withCtrl(page, async () => {
      for (let i = 0; i < 12; i += 1) await page.mouse.wheel(0, -100);
    });
    await expect.poll(async () => (await onScreen(page, pointed)).pixel).toBeGreaterThan(1);
    const held = await onScreen(page, pointed);
    expect(Math.hypot(held.at[0] - at[0], held.at[1] - at[1])).toBeLessThan(1);

    // It moves a zoomed photo, and not the page.
    const before = await scrolled();
    await page.mouse.wheel(30, 40);
    await expect.poll(async () => (await onScreen(page, pointed)).at[1]).toBeCloseTo(held.at[1] - 40, 0);
    expect((await onScreen(page, pointed)).at[0]).toBeCloseTo(held.at[0] - 30, 0);
    expect(await scrolled()).toBe(before);

    // A box on exact pixels, whose outline and number keep their size.
    await drag(page, (await onScreen(page, [990, 1990])).at, (await onScreen(page, [1111, 2077])).at);
    await expect(places(page)).toHaveText(['990, 1990 – 1111, 2077']);
    const frame = page.locator('.photo-view .box-frame');
    const looks = () =>
      frame.evaluate((one) => {
        const number = one.firstElementChild?.getBoundingClientRect();
        return [getComputedStyle(one).borderTopWidth, number?.width, number?.height];
      });
    const zoomed = await looks();
    expect(zoomed).toEqual(['2px', 22, 22]);

    // Space and the mouse move the photo and draw nothing.
    const bounds = await viewOnScreen(page);
    const center: Place = [bounds.x + bounds.width / 2, bounds.y + bounds.height / 2];
    const rest = await onScreen(page, pointed);
    await page.keyboard.down(' ');
    await drag(page, center, [center[0] + 70, center[1] - 50]);
    await page.keyboard.up(' ');
    const moved = await onScreen(page, pointed);
    expect(moved.at[0] - rest.at[0]).toBeCloseTo(70, 0);
    expect(moved.at[1] - rest.at[1]).toBeCloseTo(-50, 0);
    await expect(places(page)).toHaveText(['990, 1990 – 1111, 2077']);
    expect(await scrolled()).toBe(before);

    // So does the hand.
    await bar(page).getByRole('button', { name: 'Move photo' }).click();
    await drag(page, center, [center[0] - 70, center[1] + 50]);
    const back = await onScreen(page, pointed);
    expect(back.at[0]).toBeCloseTo(rest.at[0], 0);
    await expect(places(page)).toHaveCount(1);
    await bar(page).getByRole('button', { name: 'Move photo' }).click();
    await page.screenshot({ path: test.info().outputPath('desk-box.png') });
    await expectAccessibleInBothSchemes(page);

    await bar(page).getByRole('button', { name: 'Zoom out' }).click();
    const smaller = await onScreen(page, pointed);
    expect(smaller.pixel).toBeCloseTo(back.pixel / 1.5, 5);
    await bar(page).getByRole('button', { name: 'Zoom in' }).click();
    await expect.poll(async () => (await onScreen(page, pointed)).pixel).toBeCloseTo(back.pixel, 5);
    await bar(page).getByRole('button', { name: 'Whole photo' }).click();
    await expect(level(page)).toHaveText('1×');
    expect(await looks()).toEqual(zoomed);
    const image = await page.locator('.photo-view img').boundingBox();
    expect(image).toEqual(await viewOnScreen(page));
    expect(faults).toEqual([]);
  });

  test('a part of the selected box is dragged to exact pixels while the photo is zoomed', async ({
    page,
    standIn,
  }) => {
    await openSignedIn(page, standIn);
    await choose(page, await largePhoto(page));
    await page.mouse.move(...(await onScreen(page, [2000, 1500])).at);
    await withCtrl(page, async () => {
      for (let i = 0; i < 12; i += 1) await page.mouse.wheel(0, -100);
    });
    await expect.poll(async () => (await onScreen(page, [2000, 1500])).pixel).toBeCloseTo(4, 5);
    const at = async (x: number, y: number) => (await onScreen(page, [x, y])).at;
    await drag(page, await at(1950, 1450), await at(2050, 1520));
    await expect(places(page)).toHaveText(['1950, 1450 – 2050, 1520']);
    await page.mouse.click(...(await at(2000, 1500)));
    // The inside, an edge, a corner past the opposite one.
    await drag(page, await at(2000, 1485), await at(2011, 1478));
    await expect(places(page)).toHaveText(['1961, 1443 – 2061, 1513']);
    await drag(page, await at(2011, 1513), await at(2020, 1530));
    await expect(places(page)).toHaveText(['1961, 1443 – 2061, 1530']);
    await drag(page, await at(1961, 1443), await at(1960, 1540));
    await expect(places(page)).toHaveText(['1960, 1530 – 2061, 1540']);
  });

  test('keys zoom, move and show what they change', async ({ page, standIn }) => {
    await openSignedIn(page, standIn);
    await choose(page, photo('coffee.jpg'));
    await page.getByRole('button', { name: 'Add a box' }).press('Enter');
    const frame = page.getByRole('button', { name: /^Object 1:/ });
    await expect(frame).toBeFocused();
    for (let i = 0; i < 3; i += 1) await page.keyboard.press('+');
    await expect(level(page)).toHaveText('3.4×');
    await page.keyboard.press('-');
    await expect(level(page)).toHaveText('2.3×');
    // The box stays in the view as it is moved out of it.
    const isInView = async () => {
      const [box, shown] = [await frame.boundingBox(), await viewOnScreen(page)];
      return (
        box !== null &&
        box.x >= shown.x &&
        box.y >= shown.y &&
        box.x + box.width <= shown.x + shown.width &&
        box.y + box.height <= shown.y + shown.height
      );
    };
    for (let i = 0; i < 30; i += 1) await page.keyboard.press('ArrowRight');
    expect(await isInView()).toBe(true);
    for (let i = 0; i < 60; i += 1) await page.keyboard.press('ArrowUp');
    expect(await isInView()).toBe(true);

    // The view comes before the frame, and the arrows move it.
    await page.keyboard.press('Shift+Tab');
    await expect(view(page)).toBeFocused();
    await expectAccessibleInBothSchemes(page);
    const before = await onScreen(page, [0, 0]);
    await page.keyboard.press('ArrowDown');
    expect((await onScreen(page, [0, 0])).at[1] - before.at[1]).toBeCloseTo(-60, 0);
    // The frame is out of sight until it has the focus.
    for (let i = 0; i < 20; i += 1) await page.keyboard.press('ArrowDown');
    for (let i = 0; i < 20; i += 1) await page.keyboard.press('ArrowLeft');
    expect(await isInView()).toBe(false);
    await page.keyboard.press('Tab');
    await expect(frame).toBeFocused();
    expect(await isInView()).toBe(true);
    // In a text field the keys are text.
    await page.keyboard.press('Enter');
    await page.keyboard.type('cup+0-');
    await expect(page.getByLabel('Label of object 1')).toHaveValue('cup+0-');
    await expect(level(page)).toHaveText('2.3×');

    await bar(page).getByRole('button', { name: 'Whole photo' }).focus();
    await page.keyboard.press('0');
    await expect(level(page)).toHaveText('1×');
    await expect(bar(page).getByRole('button', { name: 'Zoom in' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(level(page)).toHaveText('1.5×');
  });

  test('the mask tool takes another box by mouse, on exact pixels of a zoomed photo', async ({
    page,
    standIn,
    faults,
  }) => {
    await openSignedIn(page, standIn);
    await choose(page, photo('coffee.jpg'));
    await draw(page, [0.3, 0.3], [0.5, 0.5]);
    await page.getByRole('button', { name: 'Check mask of object 1' }).click();
    await expect(status(page)).toHaveText(/covers|No object/);
    const tool = page.getByRole('region', { name: /^Mask of object/ });
    await tool.getByRole('button', { name: 'Box', exact: true }).click();
    const at = async (x: number, y: number) => (await onScreen(page, [x, y])).at;
    await drag(page, await at(61, 8), await at(498, 396));
    await expect(places(page)).toHaveText(['61, 8 – 498, 396']);
    await expect(status(page)).toHaveText(/The mask covers \d+% of the photo\./);
    await page.locator('.mask-surface').focus();
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    await expect(level(page)).toHaveText('2.3×');
    await drag(page, await at(201, 131), await at(333, 277));
    await expect(places(page)).toHaveText(['201, 131 – 333, 277']);
    await expect(status(page)).toHaveText(/covers|No object/);
    // The outline of the box is around these pixels.
    const outline = await page.locator('.mask-box').boundingBox();
    const [[left, top], [right, bottom]] = [await at(201, 131), await at(333, 277)];
    expect(outline?.x).toBeCloseTo(left, 0);
    expect(outline?.y).toBeCloseTo(top, 0);
    expect((outline?.x ?? 0) + (outline?.width ?? 0)).toBeCloseTo(right, 0);
    expect((outline?.y ?? 0) + (outline?.height ?? 0)).toBeCloseTo(bottom, 0);
    // One that is too small is refused, and the box stays.
    await drag(page, await at(210, 210), await at(214, 260));
    await expect(page.getByText('each side needs at least 8 pixels')).toBeVisible();
    await expect(places(page)).toHaveText(['201, 131 – 333, 277']);
    await tool.getByRole('button', { name: 'Undo' }).click();
    await expect(places(page)).toHaveText(['61, 8 – 498, 396']);
    await page.screenshot({ path: test.info().outputPath('desk-mask.png') });
    await expectAccessibleInBothSchemes(page);
    expect(faults).toEqual([]);
  });
});
