import { expect, type Page } from '@playwright/test';
import axe from 'axe-core';

const standards = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The rules whose outcome depends on colors. */
const rulesOfColor = ['color-contrast', 'link-in-text-block'];

/**
 * Runs Axe in the page, which has no frames. A page gets Axe's script once: @axe-core/playwright, which
 * adds it twice to each check and fetches the elements that passed, takes the processor twice as long.
 */
async function expectNoViolation(page: Page, runOnly: axe.RunOnly, part?: string): Promise<void> {
  expect(page.frames()).toHaveLength(1);
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  const found = await page.evaluate(
    async ([only, selector]) => {
      const { axe: loaded } = window as unknown as { axe: typeof axe };
      const { violations } = await loaded.run(selector ?? document, {
        runOnly: only,
        // The others are counted only.
        resultTypes: ['violations'],
      });
      return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
    },
    [runOnly, part] as const,
  );
  expect(found).toEqual([]);
}

/**
 * Checks the view, or the part of it that a selector names, against the automatic rules of WCAG 2.2 AA.
 * The test's context must bypass the content security policy, which keeps Axe's script out.
 */
export const expectAccessible = (page: Page, part?: string): Promise<void> =>
  expectNoViolation(page, { type: 'tag', values: standards }, part);

/**
 * Checks the view, or a part of it, in both color schemes: the one that is not in use against the rules
 * that it may break alone.
 */
export async function expectAccessibleInBothSchemes(page: Page, part?: string): Promise<void> {
  const isDark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches);
  await page.emulateMedia({ colorScheme: isDark ? 'light' : 'dark' });
  await expectNoViolation(page, { type: 'rule', values: rulesOfColor }, part);
  await page.emulateMedia({ colorScheme: isDark ? 'dark' : 'light' });
  await expectAccessible(page, part);
}

/** Checks that the view is not wider than the window. */
export async function expectNoOverflow(page: Page): Promise<void> {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow, 'pixels by which the view is wider than the window').toBe(0);
}
