import { expect, openSignedIn, test } from './fixtures.ts';
import { button, expectChange, expectMeshDrawn, expectSame, look, tab, view } from './viewer.ts';
import { cup } from './wholeJob.ts';

const { box } = cup;

test('the mouse turns and moves the mesh, and the wheel zooms; no page scrolls and no menu opens', async ({
  page,
  standIn,
  faults,
}) => {
  await page.addInitScript(() => {
    const menus = { open: 0 };
    Object.assign(window, { menus });
    window.addEventListener('contextmenu', (event) => {
      if (!event.defaultPrevented) menus.open += 1;
    });
  });
  const job = standIn.addJob({ objects: [cup, { label: 'saucer', box }] });
  await page.setViewportSize({ width: 390, height: 844 });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expectMeshDrawn(page, 'cup');
  const bounds = await view(page, 'cup').boundingBox();
  if (!bounds) throw new Error('no view');
  const [x, y] = [bounds.x + bounds.width / 2, bounds.y + bounds.height / 2];
  const home = await look(page);
  let seen = home;
  for (const button of ['left', 'right'] as const) {
    await page.mouse.move(x, y);
    await page.mouse.down({ button });
    await page.mouse.move(x + 60, y + 10, { steps: 4 });
    await page.mouse.up({ button });
    seen = await expectChange(page, seen, `dragged with the ${button} button`);
  }
  await page.mouse.wheel(0, 200);
  await expectChange(page, seen, 'zoomed by the wheel');
  await button(page, 'Reset the view').click();
  await expectSame(page, home, 'the first view');
  expect(await page.evaluate(() => scrollY)).toBe(0);
  expect(await page.evaluate(() => (window as unknown as { menus: { open: number } }).menus.open)).toBe(0);
  expect(faults).toEqual([]);
});

test.describe('by touch', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  test('a finger turns the mesh sideways and scrolls the page upward; two fingers zoom', async ({
    page,
    standIn,
  }) => {
    const job = standIn.addJob({ objects: [cup, { label: 'saucer', box }] });
    await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
    await expectMeshDrawn(page, 'cup');
    expect(await page.evaluate(() => scrollY)).toBe(0);
    const bounds = await view(page, 'cup').boundingBox();
    if (!bounds) throw new Error('no view');
    const [x, y] = [bounds.x + bounds.width / 2, bounds.y + bounds.height / 2];
    const client = await page.context().newCDPSession(page);
    type Point = readonly [number, number];
    /** Moves fingers from some points by the same steps, each its own way. */
    const move = async (fingers: readonly { from: Point; by: Point }[]): Promise<void> => {
      const points = (step: number) =>
        fingers.map(({ from, by }, id) => ({ x: from[0] + by[0] * step, y: from[1] + by[1] * step, id }));
      await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: points(0) });
      for (let step = 1; step <= 6; step += 1)
        await client.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: points(step) });
      await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    };
    let seen = await look(page);
    await move([{ from: [x - 60, y], by: [20, 0] }]);
    seen = await expectChange(page, seen, 'turned by a finger');
    expect(await page.evaluate(() => scrollY)).toBe(0);
    await move([
      { from: [x - 20, y], by: [-12, 0] },
      { from: [x + 20, y], by: [12, 0] },
    ]);
    await expectChange(page, seen, 'zoomed by two fingers');
    expect(await page.evaluate(() => visualViewport?.scale)).toBe(1);
    await move([{ from: [x, y + 60], by: [0, -20] }]);
    await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(40);
    await tab(page, 'saucer').tap();
    await expectMeshDrawn(page, 'saucer');
  });
});
