import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const standards = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The rules whose outcome depends on colors. */
const rulesOfColor = ['color-contrast', 'link-in-text-block'];

/**
 * The page has no frames. The legacy mode checks the page itself only, and opens no tab to combine
 * the results of frames.
 */
function axe(page: Page): AxeBuilder {
  expect(page.frames()).toHaveLength(1);
  return new AxeBuilder({ page }).setLegacyMode();
}

const within = (builder: AxeBuilder, part?: string): AxeBuilder =>
  part === undefined ? builder : builder.include(part);

async function expectNoViolation(of: AxeBuilder): Promise<void> {
  const { violations } = await of.analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
}

/**
 * Checks the view, or the part of it that a selector names, against the automatic rules of WCAG 2.2 AA.
 * The test's context must bypass the content security policy, which keeps Axe's script out.
 */
export async function expectAccessible(page: Page, part?: string): Promise<void> {
  const builder = axe(page).withTags(standards);
  await expectNoViolation(within(builder, part));
}

/**
 * Checks the view, or a part of it, in both color schemes: the one that is not in use against the rules
 * that it may break alone.
 */
export async function expectAccessibleInBothSchemes(page: Page, part?: string): Promise<void> {
  const isDark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches);
  await page.emulateMedia({ colorScheme: isDark ? 'light' : 'dark' });
  await expectNoViolation(within(axe(page).withRules(rulesOfColor), part));
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
