import { readFile } from 'node:fs/promises';
import type { CDPSession, Page, Request } from '@playwright/test';
import { expect, largePhoto, photo, signIn, test } from './fixtures.ts';
import { tab } from './viewer.ts';

const url = process.env.GEN3D_URL?.replace(/\/$/, '') ?? '';

/** Number of jobs, which fit into the first page of the list. */
const jobs = 24;

const photos = ['coffee.jpg', 'cat.jpg', 'astronaut.jpg', 'coins.png'] as const;

/** What a response is to the page, by its address. */
const kinds = ['code', 'documents', 'pictures', 'photo', 'meshes'] as const;

type Kind = (typeof kinds)[number];

/** Bytes that the pictures of the list's first page may have, with the headers of their responses. */
const mostOfPictures = 380_000;

function kindOf(address: string): Kind {
  const { pathname } = new URL(address);
  if (/\.(glb|ply|spz)$/.test(pathname)) return 'meshes';
  if (/\/input\//.test(pathname)) return 'photo';
  if (/\/output\//.test(pathname)) return 'pictures';
  return /^\/(api|oidc)\/|\.json$/.test(pathname) ? 'documents' : 'code';
}

/** Counts the bytes of the responses to the page and its workers as they were transferred, with their headers. */
class Counter {
  #bytes = new Map<Kind, number>();
  #pending: Promise<void>[] = [];

  constructor(
    private readonly page: Page,
    private readonly session: CDPSession,
  ) {
    page.on('requestfinished', (request) => this.#pending.push(this.#add(request)));
  }

  async start(): Promise<void> {
    await this.session.send('Network.clearBrowserCache');
    this.#bytes = new Map();
  }

  of(kind: Kind): number {
    return this.#bytes.get(kind) ?? 0;
  }

  async #add(request: Request): Promise<void> {
    const bytes = this.#bytes;
    const { responseBodySize, responseHeadersSize } = await request.sizes();
    const kind = kindOf(request.url());
    bytes.set(kind, (bytes.get(kind) ?? 0) + responseBodySize + responseHeadersSize);
  }

  async say(what: string): Promise<void> {
    await Promise.all(this.#pending.splice(0));
    const sums = new Map(this.#bytes);
    // Chromium tells the size of a worker's script only to the page.
    for (const worker of this.page.workers()) {
      const bytes = await this.page.evaluate((url) => {
        const [entry] = performance.getEntriesByName(url) as PerformanceResourceTiming[];
        return entry?.encodedBodySize ?? 0;
      }, worker.url());
      sums.set('code', (sums.get('code') ?? 0) + bytes);
    }
    const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
    const all = [...sums.values()].reduce((sum, bytes) => sum + bytes, 0);
    const parts = kinds.flatMap((kind) => {
      const bytes = sums.get(kind);
      return bytes ? [`${kind} ${kilobytes(bytes)}`] : [];
    });
    const meshes = sums.get('meshes') ?? 0;
    console.log(`${what}: ${kilobytes(all - meshes)} without meshes (${parts.join(', ')})`);
  }
}

/** Submits photos until the user has so many jobs, the last one of 12 megapixels; resolves when all are done. */
async function makeJobs(page: Page): Promise<void> {
  const asked = page.waitForRequest('**/api/jobs?*');
  await signIn(page, url);
  const headers = { Authorization: (await (await asked).allHeaders()).authorization ?? '' };
  const list = async (): Promise<{ state: string }[]> =>
    (await (await page.request.get(`${url}/api/jobs?limit=200`, { headers })).json()).jobs;
  for (let at = (await list()).length; at < jobs; at += 1) {
    const name = photos[at % photos.length] ?? photos[0];
    const small = {
      name,
      mimeType: `image/${name.endsWith('png') ? 'png' : 'jpeg'}`,
      buffer: await readFile(photo(name)),
    };
    const file = at === jobs - 1 ? await largePhoto(page) : small;
    const { name: fileName, mimeType, buffer } = file;
    const objects = at === jobs - 1 ? [{ label: 'cup', box: [1100, 100, 2900, 2200] }] : [];
    const data = { name: fileName, contentType: mimeType, bytes: buffer.length, objects };
    const { upload } = await (await page.request.post(`${url}/api/jobs`, { headers, data })).json();
    const multipart = { ...upload.fields, file };
    expect((await page.request.post(upload.url, { multipart })).status()).toBe(204);
    await expect.poll(async () => (await list()).every(({ state }) => state === 'succeeded')).toBe(true);
  }
}

const picturesLoaded = (page: Page) =>
  expect
    .poll(() =>
      page.evaluate(() =>
        [...document.querySelectorAll<HTMLImageElement>('main img')].every((image) => image.complete),
      ),
    )
    .toBe(true);

/**
 * Prints the bytes of each screen with an empty cache: `GEN3D_BENCH=1 tests/browser bytes.spec.ts`.
 */
test('bytes of each screen', async ({ browser }) => {
  test.skip(url === '' || !process.env.GEN3D_BENCH, 'a benchmark: set GEN3D_BENCH');
  test.setTimeout(1_200_000);
  const first = await browser.newPage();
  await makeJobs(first);
  await first.close();
  for (const [name, size] of [
    ['390 × 844, 3 pixels a point', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 3 }],
    ['1440 × 900', { viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1 }],
  ] as const) {
    const context = await browser.newContext({ ...size, reducedMotion: 'reduce' });
    const page = await context.newPage();
    const counter = new Counter(page, await context.newCDPSession(page));
    await counter.start();
    await page.goto(url, { waitUntil: 'networkidle' });
    await counter.say(`${name}: welcome`);

    await signIn(page, url);
    const cards = page.locator('.job-list:not(.skeleton) .job-card');
    // So that no response of this visit counts for the next.
    await page.waitForLoadState('networkidle');
    await counter.start();
    await page.reload();
    await expect(cards).toHaveCount(jobs);
    for (const card of await cards.all()) {
      await card.scrollIntoViewIfNeeded();
      await expect(card.locator('img')).toHaveCount(2);
    }
    await picturesLoaded(page);
    await page.waitForLoadState('networkidle');
    await counter.say(`${name}: home with ${jobs} cards, scrolled to the last`);
    expect(counter.of('pictures'), 'bytes of the pictures').toBeLessThan(mostOfPictures);

    const job = await cards.first().locator('a').getAttribute('href');
    await counter.start();
    await page.goto(`${url}${job}`);
    await expect(page.locator('.mesh-view')).toHaveClass(/is-shown/);
    await picturesLoaded(page);
    await page.waitForLoadState('networkidle');
    await counter.say(`${name}: job`);
    await tab(page, 'Photo').click();
    await expect
      .poll(() => page.locator('.stage-photo img').evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBe(4000);
    await page.waitForLoadState('networkidle');
    await counter.say(`${name}: job, and then its photo`);
    await context.close();
  }
});
