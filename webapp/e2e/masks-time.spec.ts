import { chromium, type Page } from '@playwright/test';
import { draw, expect, largePhoto, signIn, test } from './fixtures.ts';
import { StandIn } from './standin/service.ts';

interface Times {
  /** From a click to the frame that shows the mask, and the part of it until the finder's answer. */
  readonly shown: number[];
  readonly found: number[];
}

const places = [
  [0.46, 0.4],
  [0.3, 0.6],
  [0.6, 0.7],
  [0.5, 0.85],
  [0.25, 0.5],
  [0.55, 0.3],
] as const;

/** Notes when the page asks the worker for a mask and when it has the answer. */
function watchWorker(): void {
  const found: number[] = [];
  Object.assign(window, { found, shown: [] });
  let asked = 0;
  const { postMessage, addEventListener } = Worker.prototype;
  Worker.prototype.postMessage = function (message: { readonly kind?: string }, ...rest: unknown[]) {
    if (message.kind === 'find') asked = performance.now();
    return Reflect.apply(postMessage, this, [message, ...rest]);
  };
  Worker.prototype.addEventListener = function (
    type: string,
    run: (event: Event) => void,
    ...rest: unknown[]
  ) {
    const noted = (event: Event): void => {
      if (type === 'message') found.push(performance.now() - asked);
      run(event);
    };
    return Reflect.apply(addEventListener, this, [type, noted, ...rest]);
  };
}

/** Measures clicks: from the event to the second frame after the mask is told; the first one draws it. */
function watchClicks(): void {
  const { shown } = window as unknown as Times;
  window.addEventListener(
    'click',
    () => {
      const start = performance.now();
      const status = document.querySelector('.bench-photo .status');
      const wait = (): void => {
        if (/covers/.test(status?.textContent ?? ''))
          requestAnimationFrame(() => shown.push(performance.now() - start));
        else requestAnimationFrame(wait);
      };
      requestAnimationFrame(wait);
    },
    true,
  );
}

async function measure(page: Page, url: string): Promise<Times> {
  await page.addInitScript(watchWorker);
  await signIn(page, url);
  await page.getByLabel('Drop a photo here').setInputFiles(await largePhoto(page));
  await draw(page, [0.1, 0.02], [0.83, 0.99]);
  await page.evaluate(watchClicks);
  const times = () =>
    page.evaluate(() => {
      const { found, shown } = window as unknown as Times;
      return { found, shown };
    });
  await page.getByRole('button', { name: 'Check mask of object 1' }).click();
  await expect.poll(async () => (await times()).shown.length).toBe(1);
  const bounds = await page.locator('.mask-surface').boundingBox();
  if (!bounds) throw new Error('no mask is open');
  for (const [i, [x, y]] of places.entries()) {
    await page.mouse.click(bounds.x + bounds.width * x, bounds.y + bounds.height * y);
    await expect.poll(async () => (await times()).shown.length).toBe(i + 2);
  }
  return times();
}

/**
 * Prints how long a mask takes on a photo of 12 megapixels, from the click until the frame that shows
 * it, and how much of that is the finder's, in the page as it is built and in another build of it:
 * `GEN3D_BENCH=1 GEN3D_BEFORE=folder tests/browser masks-time.spec.ts`.
 */
test('time from a click to the mask', async ({ launchOptions }) => {
  test.skip(!process.env.GEN3D_BENCH, 'a benchmark: set GEN3D_BENCH');
  const before = process.env.GEN3D_BEFORE;
  const builds = [...(before ? [['before', before] as const] : []), ['now', undefined] as const];
  const browser = await chromium.launch(launchOptions);
  for (let round = 0; round < 2; round += 1) {
    for (const [name, folder] of builds) {
      const standIn = await StandIn.start(folder);
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      const { shown, found } = await measure(page, standIn.url);
      const rounded = (times: readonly number[]) => times.map((ms) => Math.round(ms)).join(', ');
      console.log(`${name}: opening the tool, decoding, first mask: ${rounded(shown.slice(0, 1))} ms`);
      console.log(`${name}: from a click to the mask: ${rounded(shown.slice(1))} ms`);
      console.log(`${name}: of it the finder: ${rounded(found.slice(1))} ms`);
      console.log(
        `${name}: of it the rest: ${rounded(shown.slice(1).map((ms, i) => ms - (found[i + 1] ?? 0)))} ms`,
      );
      await page.close();
      await standIn.stop();
    }
  }
  await browser.close();
});
