import { existsSync, readFileSync } from 'node:fs';
import type { Browser } from '@playwright/test';
import { draw, expect, largePhoto, signIn, test } from './fixtures.ts';
import { realDecoder, realEncoder } from './network/real.ts';
import { program, startService } from './network/service.ts';

/** What the browser's processes have used: seconds of the cores, and most memory in bytes. */
async function used(browser: Browser): Promise<{ cpu: number; memory: number }> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const most = renderers.map(({ id }) => {
    const status = readFileSync(`/proc/${id}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  });
  return { cpu: renderers.reduce((sum, { cpuTime }) => sum + cpuTime, 0), memory: Math.max(...most) };
}

interface Asked {
  /** Milliseconds from a question to its answer. */
  readonly finder: number[];
  unanswered: number;
}

/** Notes when the page asks a worker for a mask, and has the answer. */
function watch(): void {
  const noted: Asked = Object.assign(window, { finder: [], unanswered: 0 });
  const asked = new Map<number, number>();
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (
    message: { readonly kind?: string; readonly id?: number },
    ...rest: unknown[]
  ) {
    if (message.kind === 'open') {
      this.addEventListener('message', ({ data }: MessageEvent<{ readonly id?: number }>) => {
        const start = asked.get(data.id ?? 0);
        if (start === undefined) return;
        asked.delete(data.id ?? 0);
        noted.finder.push(performance.now() - start);
        noted.unanswered -= 1;
      });
    }
    if (message.kind === 'find') {
      asked.set(message.id ?? 0, performance.now());
      noted.unanswered += 1;
    }
    return Reflect.apply(postMessage, this, [message, ...rest]);
  };
}

/**
 * Prints what the network of the real size takes on a photo of 12 megapixels: `GEN3D_BENCH=1 tests/browser
 * network-time.spec.ts`.
 */
test('time and memory of the network', async ({ page, browser }) => {
  test.skip(!existsSync(program) || !process.env.GEN3D_BENCH, 'a benchmark: set GEN3D_BENCH');
  const service = await startService({ encoder: realEncoder(), decoder: realDecoder() });
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.addInitScript(watch);
  await signIn(page, service.url);
  await page.getByLabel('Drop a photo here').setInputFiles(await largePhoto(page));
  await draw(page, [0.1, 0.02], [0.83, 0.99]);
  const before = await used(browser);
  await page.getByRole('button', { name: 'Check mask of object 1' }).click();
  const note = page.locator('.mask-finder');
  await expect(note).toHaveAttribute('data-state', 'network');
  await expect(page.locator('.bench-photo .status')).toHaveText(/covers/);
  const ready = await used(browser);
  const steps = await note.evaluate((element) => ({ ...(element as HTMLElement).dataset }));
  console.log(
    `${steps.device}: loading ${steps.load} ms, reading ${steps.open} ms, encoding ${steps.encode} ms`,
  );
  const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
  console.log(`of the cores ${(ready.cpu - before.cpu).toFixed(1)} s, with the first mask by color`);
  console.log(`most memory: ${megabytes(before.memory)} MB before, ${megabytes(ready.memory)} MB after`);

  const bounds = await page.locator('.mask-surface').boundingBox();
  if (!bounds) throw new Error('no mask is open');
  // What is asked already, about the box, is answered before the points.
  await expect.poll(() => page.evaluate(() => (window as unknown as Asked).unanswered)).toBe(0);
  // From the event to the second frame after the mask is announced: the first one draws it.
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(window, { times });
    window.addEventListener(
      'click',
      () => {
        const start = performance.now();
        const status = document.querySelector('.bench-photo .status');
        const wait = (): void => {
          if (/covers/.test(status?.textContent ?? '')) {
            requestAnimationFrame(() => times.push(performance.now() - start));
          } else requestAnimationFrame(wait);
        };
        requestAnimationFrame(wait);
      },
      true,
    );
  });
  const times = () => page.evaluate(() => (window as unknown as { times: number[] }).times.map(Math.round));
  const finder = () => page.evaluate(() => (window as unknown as Asked).finder.map(Math.round));
  const before8 = (await finder()).length;
  const cores: number[] = [];
  for (let i = 1; i <= 8; i += 1) {
    const start = await used(browser);
    await page.mouse.click(bounds.x + bounds.width * 0.1 * i, bounds.y + bounds.height * 0.5);
    await expect.poll(async () => (await times()).length).toBe(i);
    cores.push(Math.round(((await used(browser)).cpu - start.cpu) * 1000));
  }
  console.log(
    `from a click to the mask: ${(await times()).join(', ')} ms; of the cores ${cores.join(', ')} ms`,
  );
  console.log(`of it the finder: ${(await finder()).slice(before8).join(', ')} ms`);
  await service.stop();
});
