import { createHash } from 'node:crypto';
import { expect, type Page } from '@playwright/test';
import { decodePng } from '../src/masks/png.testing.ts';

/** What is seen in the middle of the stage: the number of strong colors, and a digest of all pixels. */
export interface Seen {
  readonly colors: number;
  readonly digest: string;
}

/** The tab of an item, and the stage with it. */
export const tab = (page: Page, name: string) => page.getByRole('tab', { name });
export const stage = (page: Page, name: string) => page.getByRole('tabpanel', { name });

/** A control of the stage. */
export const radio = (page: Page, name: string) => page.getByRole('radio', { name, exact: true });
export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** The part of the stage that the user can turn. */
export const view = (page: Page, name: string) =>
  page.getByRole('application', { name: `3D view of ${name}` });

/** Half of the side in pixels of what is looked at. */
const reach = 110;

/** Looks at the middle of the stage as the screen shows it. */
export async function look(page: Page): Promise<Seen> {
  const bounds = await page.locator('.stage-view').boundingBox();
  if (!bounds) throw new Error('the stage is not shown');
  const [x, y] = [bounds.x + bounds.width / 2, bounds.y + bounds.height / 2];
  const clip = { x: x - reach, y: y - reach, width: 2 * reach, height: 2 * reach };
  return readPicture(await page.screenshot({ clip }));
}

/** A color counts in steps of 16, if it is not gray. */
function readPicture(png: Buffer): Seen {
  const { data } = decodePng(png);
  const colors = new Set<number>();
  for (let at = 0; at < data.length; at += 4) {
    const [red, green, blue] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
    if (Math.max(red, green, blue) - Math.min(red, green, blue) < 32) continue;
    colors.add(((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4));
  }
  return { colors: colors.size, digest: createHash('sha256').update(data).digest('base64url') };
}

/** Waits until the stage shows the mesh or splat of an item, judged by its pixels. */
export async function expectMeshDrawn(page: Page, name: string): Promise<void> {
  await expect(view(page, name)).toBeVisible();
  await expect(page.locator('.mesh-view')).toHaveClass(/is-shown/);
  await expect
    .poll(async () => (await look(page)).colors, { message: `colors of ${name} on the stage` })
    .toBeGreaterThan(24);
}

/** Waits until the picture is other than before; returns the new one. */
export async function expectChange(page: Page, before: Seen, what: string): Promise<Seen> {
  let now = before;
  await expect
    .poll(
      async () => {
        now = await look(page);
        return now.digest;
      },
      { message: what },
    )
    .not.toBe(before.digest);
  return now;
}

/** Waits until the picture is the same as before. */
export const expectSame = (page: Page, before: Seen, what: string): Promise<void> =>
  expect.poll(async () => (await look(page)).digest, { message: what }).toBe(before.digest);
