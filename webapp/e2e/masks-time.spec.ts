import { type Browser, chromium, type Page } from '@playwright/test';
import { expect, largePhoto, signIn, test } from './fixtures.ts';
import { StandIn } from './standin/service.ts';

/** Times of one mask, in milliseconds of the page's clock. */
interface Times {
  /** The page asked the finder, and had its answer. */
  readonly asked: number[];
  readonly answered: number[];
  /** The frame that drew the mask was rendered. */
  readonly shown: number[];
}

const places = [
  [0.46, 0.4],
  [0.3, 0.6],
  [0.6, 0.7],
  [0.5, 0.85],
  [0.25, 0.5],
  [0.55, 0.3],
] as const;

/** Notes when the page asks the worker for a mask, has the answer, and has shown it. */
function watch(): void {
  const times: Times = { asked: [], answered: [], shown: [] };
  Object.assign(window, times);
  const { postMessage, addEventListener } = Worker.prototype;
  // A task that is queued in a frame runs when that frame has been rendered.
  const show = (): void => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => times.shown.push(performance.now());
      port2.postMessage(null);
    });
  };
  Worker.prototype.postMessage = function (message: { readonly kind?: string }, ...rest: unknown[]) {
    if (message.kind === 'find') times.asked.push(performance.now());
    return Reflect.apply(postMessage, this, [message, ...rest]);
  };
  Worker.prototype.addEventListener = function (
    type: string,
    run: (event: Event) => void,
    ...rest: unknown[]
  ) {
    const noted = (event: Event): void => {
      if (type === 'message') times.answered.push(performance.now());
      run(event);
      // The page draws in its next frame, which it asks for as soon as the answer's promise is settled.
      if (type === 'message') show();
    };
    return Reflect.apply(addEventListener, this, [type, noted, ...rest]);
  };
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  /** Of the processor, in microseconds. */
  readonly tdur?: number;
  readonly pid: number;
  readonly tid: number;
}

/** Records what the browser's threads do; returns a function that ends it and returns the events. */
async function record(browser: Browser): Promise<() => Promise<TraceEvent[]>> {
  const client = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  client.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value) events.push(event as unknown as TraceEvent);
  });
  await client.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['devtools.timeline', 'toplevel'] },
  });
  return async () => {
    const ended = new Promise((done) => client.once('Tracing.tracingComplete', done));
    await client.send('Tracing.end');
    await ended;
    await client.detach();
    return events;
  };
}

/** Milliseconds of the processor that the finder's thread took for each point. */
function workOf(events: readonly TraceEvent[]): number[] {
  const tasks = events.filter(({ name, ph }) => name.endsWith('RunTask') && ph === 'X');
  const threads = events
    .filter(({ name }) => name === 'thread_name')
    .filter((thread) => JSON.stringify(thread).includes('DedicatedWorker'))
    .map(({ pid, tid }) => tasks.filter((task) => task.pid === pid && task.tid === tid));
  const long = threads.map((own) => own.filter(({ tdur = 0 }) => tdur > 15_000));
  const finder = long.reduce((most, own) => (own.length > most.length ? own : most), []);
  // The mask of the box comes with decoding, in a task that the trace does not have.
  const last = finder.toSorted((a, b) => a.ts - b.ts).slice(-places.length);
  return last.map(({ tdur = 0 }) => Math.round(tdur / 1000));
}

async function measure(page: Page, url: string): Promise<Times> {
  await page.addInitScript(watch);
  await signIn(page, url);
  await page.getByLabel('Drop a photo here').setInputFiles(await largePhoto(page));
  await page.getByRole('button', { name: 'Add a box' }).click();
  const times = () =>
    page.evaluate(() => {
      const { asked, answered, shown } = window as unknown as Times;
      return { asked, answered, shown };
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
 * it, and how much of that is the finder's, in the page as it is built and in another build of it. On a
 * machine with other work only the time of the processor tells something:
 * `GEN3D_BENCH=1 GEN3D_BEFORE=folder tests/browser masks-time.spec.ts`.
 */
test('time from a click to the mask', async ({ launchOptions }) => {
  test.skip(!process.env.GEN3D_BENCH, 'a benchmark: set GEN3D_BENCH');
  const before = process.env.GEN3D_BEFORE;
  const builds = [...(before ? [['before', before] as const] : []), ['now', undefined] as const];
  const browser = await chromium.launch(launchOptions);
  // Recording takes time of its own, so it is not done in the rounds that are timed.
  for (const isRecorded of [false, false, true]) {
    for (const [name, folder] of builds) {
      const standIn = await StandIn.start(folder);
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      const end = isRecorded ? await record(browser) : undefined;
      const { asked, answered, shown } = await measure(page, standIn.url);
      const between = (from: readonly number[], to: readonly number[]) =>
        to.map((ms, i) => Math.round(ms - (from[i] ?? 0))).join(', ');
      if (end) {
        console.log(
          `${name}: work of the finder's thread for the points: ${workOf(await end()).join(', ')} ms`,
        );
      } else {
        console.log(
          `${name}: from a click to the mask, the first with decoding: ${between(asked, shown)} ms`,
        );
        console.log(`${name}: of it the finder: ${between(asked, answered)} ms`);
        console.log(`${name}: and the drawing: ${between(answered, shown)} ms`);
      }
      await page.close();
      await standIn.stop();
    }
  }
  await browser.close();
});
