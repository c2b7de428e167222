import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/**
 * Checks the view, or what matches a selector in it, against the automatic rules of WCAG 2.2 AA. The
 * test's context must bypass the content security policy, which keeps Axe's script out; other tests
 * cover the policy.
 *
 * The page has no frames. The legacy mode checks the page itself only, and opens no tab to combine
 * the results of frames.
 */
export async function expectAccessible(page: Page, within?: string): Promise<void> {
  expect(page.frames()).toHaveLength(1);
  const axe = new AxeBuilder({ page })
    .setLegacyMode()
    .options({ resultTypes: ['violations'] })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']);
  if (within) axe.include(within);
  const { violations } = await axe.analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
}
