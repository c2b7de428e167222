import type { Page } from '@playwright/test';
import { expect, signIn, test } from './fixtures.ts';

const url = process.env.GEN3D_URL?.replace(/\/$/, '') ?? '';
const jobs = Number(process.env.GEN3D_JOBS ?? 0);

/** Number of cards to scroll to. */
const most = Math.min(jobs, 500);

interface Times {
  /** From the answer's last byte to the second frame after it, of each page of the list. */
  pages: number[];
  /** The same for the requests: from their start to the last byte. */
  requests: number[];
}

/** Measures each answer of the list, from within the page. */
function watch(): void {
  const times: Times = { pages: [], requests: [] };
  Object.assign(window, { times });
  const { fetch } = window;
  window.fetch = async (...args) => {
    const start = performance.now();
    const response = await fetch(...args);
    if (!String(args[0]).includes('/api/jobs?')) return response;
    const text = await response.text();
    const end = performance.now();
    times.requests.push(end - start);
    // The first frame draws what the answer has changed; the second one begins after that.
    requestAnimationFrame(() => requestAnimationFrame(() => times.pages.push(performance.now() - end)));
    return new Response(text, { status: response.status, headers: response.headers });
  };
}

const times = (page: Page) => page.evaluate(() => (window as unknown as { times: Times }).times);

/**
 * Milliseconds of the page's main thread that the work takes until it is drawn: in time of the core,
 * which other work on the machine changes little.
 */
async function coreTime(page: Page, work: () => Promise<unknown>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const spent = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000;
  };
  const before = await spent();
  await work();
  await page.evaluate(
    () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
  );
  const after = await spent();
  await session.detach();
  return after - before;
}

const click = (page: Page, selector: string) =>
  coreTime(page, () =>
    page.evaluate((target) => document.querySelector<HTMLElement>(target)?.click(), selector),
  );

/** Whether the list did not grow for some frames. */
const isStill = (page: Page) =>
  page.evaluate(async () => {
    const cards = document.getElementsByClassName('job-card');
    const before = cards.length;
    for (let frames = 0; frames < 30; frames += 1)
      await new Promise((drawn) => {
        requestAnimationFrame(drawn);
      });
    return cards.length === before;
  });

const spread = (all: readonly number[]): string => {
  const sorted = all.map((ms) => Math.round(ms)).sort((a, b) => a - b);
  return `median ${sorted[sorted.length >> 1]} ms, most ${sorted.at(-1)} ms of ${sorted.length}`;
};

/**
 * Prints how long the list takes for a user with many jobs:
 * `GEN3D_JOBS=5000 tests/browser list-time.spec.ts`.
 */
test('times of a list of many jobs', async ({ page }) => {
  test.skip(url === '' || jobs === 0, 'a benchmark: set GEN3D_JOBS');
  test.setTimeout(1_200_000);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.addInitScript(watch);
  await signIn(page, url);
  const cards = page.locator('.job-list:not(.skeleton) .job-card');
  await expect(cards.first()).toBeVisible();
  const say = (what: string, figure: string): void => console.log(`${jobs} jobs: ${what}: ${figure}`);
  const first = await times(page);
  say('first screen after its data', `${Math.round(first.pages[0] ?? 0)} ms`);
  const select = '.jobs-search .button';
  /** The button is above the list; at the end, more cards are in the window. */
  const clickSelect = async (where: 'start' | 'end'): Promise<void> => {
    await page.evaluate((y) => window.scrollTo(0, y), where === 'start' ? 0 : Number.MAX_SAFE_INTEGER);
    // The list grows at its end.
    await expect.poll(() => isStill(page)).toBe(true);
    const spent: number[] = [];
    for (let i = 0; i < 6; i += 1) spent.push(await click(page, select));
    say(`click of Select with ${await cards.count()} cards, at the list's ${where}`, spread(spent));
  };
  await clickSelect('start');
  await clickSelect('end');

  const growth: number[] = [];
  while ((await cards.count()) < most) {
    const before = await cards.count();
    const spent = await coreTime(page, async () => {
      await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
      await expect.poll(() => cards.count()).toBeGreaterThan(before);
    });
    growth.push(spent / ((await cards.count()) - before));
  }
  const all = await times(page);
  say('further page after its data', spread(all.pages.slice(1)));
  say('… time of the core for 24 cards', spread(growth.map((each) => each * 24)));
  say('request of a page', spread(all.requests));
  await clickSelect('start');
  await clickSelect('end');
  say('click of Delete', spread([await click(page, '.job-card:nth-child(3) .icon-button')]));
  await page.getByRole('button', { name: 'Undo' }).click();

  const start = Date.now();
  const read = (await times(page)).requests.length;
  await page.getByRole('searchbox').fill(`photo ${jobs}.png`);
  await expect(page.getByText('1 job found', { exact: true })).toBeVisible();
  const requests = (await times(page)).requests.length - read;
  say('search to the oldest job', `${Date.now() - start} ms, ${requests} requests`);
  const key = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const field = document.querySelector<HTMLInputElement>('.jobs-words input');
        if (!field) return;
        const began = performance.now();
        field.value = 'lamp';
        field.dispatchEvent(new Event('input', { bubbles: true }));
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
      }),
  );
  say('another search, in all jobs', `${Math.round(key)} ms`);
});
