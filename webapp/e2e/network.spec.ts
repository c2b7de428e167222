import { existsSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { isFinished, type Job } from '../src/api.ts';
import { decodePng } from '../src/masks/png.testing.ts';
import { en } from '../src/texts/en.ts';
import { draw, expect, photo, places, signIn, test, watchPage } from './fixtures.ts';
import { realDecoder, realEncoder } from './network/real.ts';
import { program, type Service, startService } from './network/service.ts';
import { margin, reach, smallDecoder, smallEncoder } from './network/small.ts';
import { shownMask } from './shownMask.ts';

// The stand-ins of the network draw what they are told: the box without its margins, discs around the
// points inside, and nothing around the points outside.

const [width, height] = [600, 400];

const note = (page: Page): Locator => page.locator('.mask-finder');
const bar = (page: Page): Locator => page.getByRole('region', { name: /^Mask of object/ });
const press = (page: Page, name: string): Promise<void> =>
  bar(page).getByRole('button', { name, exact: true }).click();

/** The mask as the page shows it, with 1 for each pixel of the photo inside. */
const shown = async (page: Page): Promise<Uint8Array> =>
  Uint8Array.from(await shownMask(page.locator('.mask-surface canvas.mask-tint')), Number);

/** What the stand-in draws for a box and points of the photo, in pixels. */
async function wanted(page: Page, points: readonly [number, number, boolean][]): Promise<Uint8Array> {
  const text = (await places(page).first().textContent()) ?? '';
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = (text.match(/\d+/g) ?? []).map(Number);
  const [mx, my] = [(x1 - x0) * margin, (y1 - y0) * margin];
  const mask = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let isInside = x + 0.5 > x0 + mx && x + 0.5 < x1 - mx && y + 0.5 > y0 + my && y + 0.5 < y1 - my;
      for (const inside of [true, false]) {
        for (const [px, py, isIn] of points) {
          const near = Math.hypot(((x - px) * 1024) / width, ((y - py) * 1024) / height) < reach;
          if (near && isIn === inside) isInside = inside;
        }
      }
      if (isInside) mask[y * width + x] = 1;
    }
  }
  return mask;
}

function overlap(one: Uint8Array, other: Uint8Array): number {
  let [both, either] = [0, 0];
  one.forEach((value, i) => {
    if (value && other[i]) both += 1;
    if (value || other[i]) either += 1;
  });
  return both / either;
}

/** Waits until the page shows what the stand-in draws: its raster has 256 × 256 points. */
const expectDrawn = (page: Page, points: readonly [number, number, boolean][]): Promise<void> =>
  expect
    .poll(async () => overlap(await shown(page), await wanted(page, points)), { message: 'the overlap' })
    .toBeGreaterThan(0.98);

/** Clicks on a pixel of the photo. */
async function click(page: Page, x: number, y: number): Promise<void> {
  const bounds = await page.locator('.mask-surface').boundingBox();
  if (!bounds) throw new Error('no mask is open');
  await page.mouse.click(
    bounds.x + ((x + 0.5) * bounds.width) / width,
    bounds.y + ((y + 0.5) * bounds.height) / height,
  );
}

/** Draws a box, and opens its mask. */
async function open(page: Page, url: string): Promise<void> {
  await signIn(page, url);
  await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee.jpg'));
  await draw(page, [0.1, 0.02], [0.83, 0.99]);
  await expect(places(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Check mask of object 1' }).click();
}

/** The click's pixel, as the page marks it. */
async function lastPoint(page: Page, isIn: boolean): Promise<[number, number, boolean]> {
  const [across, down] = await page.evaluate(
    (name) => {
      const mark = [...document.querySelectorAll(name)].at(-1)?.getBoundingClientRect();
      const surface = document.querySelector('.mask-surface')?.getBoundingClientRect();
      if (!mark || !surface) throw new Error('no point is shown');
      const middle = [mark.x + mark.width / 2 - surface.x, mark.y + mark.height / 2 - surface.y] as const;
      return [middle[0] / surface.width, middle[1] / surface.height] as const;
    },
    `.mask-point.${isIn ? 'is-in' : 'is-out'}`,
  );
  return [Math.round(across * width), Math.round(down * height), isIn];
}

test.describe('the network in the browser', () => {
  test.skip(!existsSync(program), 'bin/gen3d is not built');
  let service: Service;
  test.use({ viewport: { width: 1440, height: 900 } });

  test.describe('of a few kilobytes', () => {
    test.beforeAll(async () => {
      service = await startService({ encoder: smallEncoder(), decoder: smallDecoder() });
    });
    test.afterAll(() => service.stop());

    test('is loaded with the tool, follows points, and its mask is the one used', async ({ page }) => {
      const faults = watchPage(page);
      const loaded: string[] = [];
      page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
      await signIn(page, service.url);
      await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee.jpg'));
      await draw(page, [0.1, 0.02], [0.83, 0.99]);
      await expect(places(page)).toHaveCount(1);
      expect(loaded.filter((path) => /network|ort|tools|worker/.test(path))).toEqual([]);
      await page.getByRole('button', { name: 'Check mask of object 1' }).click();
      await expect(note(page)).toHaveAttribute('data-state', 'network');
      await expect(note(page)).toBeHidden();
      const origins = loaded.filter((path) => /^\/network/.test(path));
      expect(origins.map((path) => path.split('/').at(-1)).sort()).toEqual([
        'network.json',
        'prompt_encoder_mask_decoder.onnx',
        'prompt_encoder_mask_decoder.onnx_data',
        'vision_encoder.onnx',
        'vision_encoder.onnx_data',
      ]);
      // The mask that was found by color before is replaced.
      await expectDrawn(page, []);

      await click(page, 40, 60);
      await expect(page.locator('.mask-point.is-in')).toHaveCount(1);
      const inside = await lastPoint(page, true);
      await expectDrawn(page, [inside]);
      await page.keyboard.down('Alt');
      await click(page, 300, 200);
      await page.keyboard.up('Alt');
      await expect(page.locator('.mask-point.is-out')).toHaveCount(1);
      const outside = await lastPoint(page, false);
      await expectDrawn(page, [inside, outside]);
      await press(page, 'Undo');
      await expectDrawn(page, [inside]);
      await press(page, 'Redo');
      await expectDrawn(page, [inside, outside]);
      await press(page, 'Brush');
      await click(page, 560, 380);
      await expect.poll(async () => (await shown(page))[380 * width + 560]).toBe(1);
      const last = await shown(page);

      await press(page, 'Use this mask');
      const finished = page.waitForResponse(async (response) => {
        if (!/\/api\/jobs\/[0-9a-z]{26}$/.test(response.url()) || response.request().method() !== 'GET')
          return false;
        return isFinished(((await response.json()) as Job).state);
      });
      await page.getByRole('button', { name: 'Make 1 mesh' }).click();
      const mask = ((await (await finished).json()) as Job).objects[0]?.mask;
      expect(mask?.source).toBe('given');
      const { data } = decodePng(await (await page.request.get(mask?.url ?? '')).body());
      const used = Uint8Array.from(last, (_, i) => (data[i * 4] === 255 ? 1 : 0));
      expect(Buffer.compare(used, last), 'the mask that was used is the one shown').toBe(0);
      expect(faults).toEqual([]);
    });

    const withoutNetwork = async (page: Page): Promise<void> => {
      const faults = watchPage(page);
      await open(page, service.url);
      await expect(note(page)).toHaveText(en.masks.networkFailed);
      await expect(page.locator('.bench-photo .status')).toHaveText(/The mask covers \d+%/);
      await click(page, 276, 160);
      await expect(page.locator('.mask-point.is-in')).toHaveCount(1);
      await expect(page.locator('.bench-photo .status')).toHaveText(/The mask covers \d+%/);
      await expect(note(page)).toHaveText(en.masks.networkFailed);
      expect(faults.filter((fault) => !/WebAssembly/.test(fault))).toEqual([]);
    };

    test('is left out, with a message, if a file is damaged', async ({ page }) => {
      await page.route(/vision_encoder\.onnx_data$/, async (route) => {
        const response = await route.fetch();
        const body = await response.body();
        body[100] = (body[100] ?? 0) ^ 1;
        await route.fulfill({ response, body });
      });
      await withoutNetwork(page);
    });

    test('is left out if a file is gone', async ({ page }) => {
      await page.route(/decoder\.onnx$/, (route) => route.fulfill({ status: 404, body: 'gone' }));
      await withoutNetwork(page);
    });

    test('is left out if the browser refuses WebAssembly', async ({ page }) => {
      await page.route(/\/assets\/worker-.*\.js$/, async (route) => {
        const response = await route.fetch();
        const policy = response.headers()['content-security-policy']?.replace(" 'wasm-unsafe-eval'", '');
        await route.fulfill({
          response,
          headers: { ...response.headers(), 'content-security-policy': policy ?? '' },
        });
      });
      await withoutNetwork(page);
    });

    test('is left out if it is another network', async ({ page }) => {
      await page.route(/\/network\.json$/, async (route) => {
        const response = await route.fetch();
        const { encoder, ...rest } = await response.json();
        await route.fulfill({ response, json: { ...rest, encoder, decoder: encoder } });
      });
      await withoutNetwork(page);
    });

    test('is not asked for on a site without one', async ({ page }) => {
      const loaded: string[] = [];
      page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
      page.on('response', (response) => expect(response.status(), response.url()).toBeLessThan(400));
      await page.route(/\/network\.json$/, (route) => route.fulfill({ json: {} }));
      await open(page, service.url);
      await expect(page.locator('.bench-photo .status')).toHaveText(/The mask covers \d+%/);
      await expect(note(page)).toBeHidden();
      expect(loaded.filter((path) => /\/network\/|ort/.test(path))).toEqual([]);
    });
  });

  test.describe('of the real size', () => {
    test.use({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 });
    test.beforeAll(async () => {
      service = await startService({ encoder: realEncoder(), decoder: realDecoder() });
    });
    test.afterAll(() => service.stop());

    test('finds masks, and masks are found by color until it is there', async ({ page }) => {
      const faults = watchPage(page);
      let seen = (): void => {};
      const isSeen = new Promise<void>((resolve) => {
        seen = resolve;
      });
      await page.route(/vision_encoder\.onnx_data$/, async (route) => {
        await isSeen;
        await route.continue();
      });
      await open(page, service.url);
      await expect(note(page)).toHaveText(/masks are found by/);
      seen();
      await expect(note(page)).toHaveAttribute('data-state', 'network');
      await expectDrawn(page, []);
      await click(page, 40, 60);
      await expect(page.locator('.mask-point.is-in')).toHaveCount(1);
      await expectDrawn(page, [await lastPoint(page, true)]);
      expect(faults).toEqual([]);
    });
  });
});
