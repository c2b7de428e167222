import { readdirSync } from 'node:fs';
import { chromium, type Page } from '@playwright/test';
import { expect, largePhoto, signIn, test } from './fixtures.ts';
import { StandIn } from './standin/service.ts';

const moves = 120;

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly data?: { readonly type?: string } };
}

/** Opens the editor with a photo of 12 megapixels and 16 boxes, the first of them selected. */
async function open(page: Page, url: string): Promise<readonly [number, number]> {
  await signIn(page, url);
  await page.getByLabel('Drop a photo here').setInputFiles(await largePhoto(page));
  const add = page.getByRole('button', { name: 'Add a box' });
  for (let i = 0; i < 16; i += 1) await add.click();
  await page.locator('.object-row').first().click();
  const frame = page.locator('.box-surface .box-frame').first();
  await frame.scrollIntoViewIfNeeded();
  const bounds = await frame.boundingBox();
  if (!bounds) throw new Error('no box');
  return [bounds.x + bounds.width / 2, bounds.y + bounds.height / 2];
}

/** Drags the selected box, one move a frame, and returns what the page's thread did for a move. */
async function measure(page: Page, [x, y]: readonly [number, number]) {
  const client = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  client.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  const move = (dx: number, dy: number, type: 'mouseMoved' | 'mousePressed' | 'mouseReleased') =>
    client.send('Input.dispatchMouseEvent', {
      type,
      x: x + dx,
      y: y + dy,
      button: 'left',
      buttons: type === 'mouseReleased' ? 0 : 1,
      clickCount: 1,
    });
  const frame = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
  await page.mouse.move(x, y);
  await move(0, 0, 'mousePressed');
  await move(5, 5, 'mouseMoved');
  await frame();
  await client.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['devtools.timeline', 'blink.user_timing'] },
  });
  for (let i = 0; i < moves; i += 1) {
    const angle = (i / moves) * 4 * Math.PI;
    await move(40 * Math.sin(angle), 30 * Math.cos(angle), 'mouseMoved');
    await frame();
  }
  const ended = new Promise((done) => client.once('Tracing.tracingComplete', done));
  await client.send('Tracing.end');
  await ended;
  await move(0, 0, 'mouseReleased');
  await client.detach();
  // The thread that has the page's frames.
  const main =
    events.find(({ name }) => name === 'FireAnimationFrame') ?? events.find(({ name }) => name === 'Layout');
  const own = events.filter(({ pid, tid, ph }) => pid === main?.pid && tid === main.tid && ph === 'X');
  const handlers = own.filter(
    ({ name, args }) => name === 'EventDispatch' && /^(pointer|mouse)move$/.test(args?.data?.type ?? ''),
  );
  const sum = (of: readonly TraceEvent[]) => of.reduce((ms, { dur = 0 }) => ms + dur / 1000, 0);
  const isIn = (inner: TraceEvent, outer: TraceEvent) =>
    inner.ts >= outer.ts && inner.ts < outer.ts + (outer.dur ?? 0);
  const named = (...names: string[]) => own.filter(({ name }) => names.includes(name));
  const layouts = named('Layout', 'UpdateLayoutTree');
  const scripts = [...handlers, ...named('FireAnimationFrame')];
  const paints = named('PrePaint', 'Paint', 'Layerize', 'Commit');
  const after = [...layouts, ...paints].filter((one) => !scripts.some((of) => isIn(one, of)));
  return {
    'layout and style in the move handler, runs':
      layouts.filter((one) => handlers.some((of) => isIn(one, of))).length / moves,
    'move handler, ms': sum(handlers) / moves,
    'animation frame, ms': sum(named('FireAnimationFrame')) / moves,
    'style, ms': sum(named('UpdateLayoutTree')) / moves,
    'layout, ms': sum(named('Layout')) / moves,
    'paint, ms': sum(paints) / moves,
    'all of these, ms': (sum(scripts) + sum(after)) / moves,
  };
}

/**
 * Prints what a move of the pointer costs while one of 16 boxes is dragged, in the page as it is built
 * and in another build of it, by turns: `GEN3D_BENCH=1 GEN3D_BEFORE=folder tests/browser drag-time.spec.ts`.
 */
test('work of the page for a move of the pointer', async ({ launchOptions }) => {
  test.skip(!process.env.GEN3D_BENCH, 'a benchmark: set GEN3D_BENCH');
  const before = process.env.GEN3D_BEFORE;
  const builds = [...(before ? [['before', before] as const] : []), ['now', undefined] as const];
  if (before) expect(readdirSync(before)).toContain('index.html');
  const browser = await chromium.launch(launchOptions);
  const figures = new Map<string, Record<string, number[]>>();
  for (let round = 0; round < 3; round += 1) {
    for (const [name, folder] of builds) {
      const standIn = await StandIn.start(folder);
      const page = await browser.newPage({
        viewport: { width: 1440, height: 900 },
        reducedMotion: 'no-preference',
      });
      const found = await measure(page, await open(page, standIn.url));
      const all = figures.get(name) ?? {};
      for (const [what, value] of Object.entries(found)) {
        all[what] ??= [];
        all[what].push(value);
      }
      figures.set(name, all);
      await page.close();
      await standIn.stop();
    }
  }
  await browser.close();
  for (const [name, all] of figures) {
    for (const [what, values] of Object.entries(all))
      console.log(`${name}: ${what}: ${values.map((value) => value.toFixed(2)).join(', ')}`);
  }
});
