import { join } from 'node:path';
import { expectAccessible, expectAccessibleInBothSchemes, expectNoOverflow } from './axe.ts';
import { expect, openSignedIn, test } from './fixtures.ts';
import { looks } from './looks.ts';

const box = [120, 60, 420, 320];

/** Folder for pictures of each view, to look at; none are taken without it. */
const folder = process.env.GEN3D_SHOTS ?? '';

// Axe injects its script; other tests cover the policy.
test.use({ bypassCSP: true });

for (const { title, ...look } of looks) {
  test.describe(title, () => {
    test.use(look);

    test('the list passes the automatic checks of WCAG 2.2 AA', async ({ page, standIn }) => {
      const check = async (name: string): Promise<void> => {
        await expectAccessibleInBothSchemes(page);
        await expectNoOverflow(page);
        if (folder)
          await page.screenshot({
            path: join(folder, `${name}-${look.viewport.width}-${look.colorScheme}.png`),
          });
      };
      const now = Date.now();
      const long = 'a very long name of a photo that nobody would type, from a camera 2041.jpg';
      for (let i = 0; i < 9; i += 1)
        standIn.addJob({ createdAt: now - (i + 1) * 3_600_000, name: i === 1 ? long : `photo ${i}.jpg` });
      standIn.addJob({
        createdAt: now - 1000,
        name: 'kitchen.jpg',
        objects: [
          { label: 'cup', box },
          { label: 'sugar bowl', box, fails: 'Too slow.' },
        ],
        uploadedAt: now - 3_600_000,
      });
      standIn.addJob({
        createdAt: now,
        name: 'failed.jpg',
        objects: [{ box, fails: 'No object stands out in the box; draw it closer around the object.' }],
        uploadedAt: now - 3_600_000,
      });
      standIn.addJob({ createdAt: now + 1000, uploadedAt: now + 3_600_000, name: 'waiting.jpg' });
      await openSignedIn(page, standIn);
      const cards = page.locator('.job-list:not(.skeleton) .job-card');
      await expect(cards).toHaveCount(12);
      await page.evaluate(() => document.querySelector('.jobs')?.scrollIntoView());
      await expect(cards.filter({ hasText: 'kitchen' }).locator('.job-mesh img')).not.toHaveJSProperty(
        'naturalWidth',
        0,
      );
      await check('list');
      await page.getByRole('button', { name: 'Delete waiting.jpg' }).click();
      await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible();
      await page.getByRole('button', { name: 'Select', exact: true }).click();
      await page.getByRole('checkbox', { name: 'Select failed.jpg' }).check();
      await check('selecting');
      await page.getByRole('searchbox').fill('nothing like it');
      await expect(page.getByText('No jobs match your search.')).toBeVisible();
      await check('none');
    });
  });
}

for (const viewport of [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]) {
  test(`the page tells what is stored, and where to ask, at ${viewport.width} × ${viewport.height}`, async ({
    page,
    standIn,
  }) => {
    await page.setViewportSize(viewport);
    await page.goto(standIn.url);
    const foot = page.getByRole('contentinfo');
    await expect(foot).toContainText('Gen3D stores your photos and meshes until you delete them.');
    await expect(foot.getByRole('link')).toHaveCount(0);
    standIn.settings = { supportEmail: 'help@example.com', keptDays: 90, erasedDays: 30 };
    await page.reload();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(
      'Turn objects in a photo into 3D meshes',
    );
    await expect(foot).toContainText('for 90 days, or until you delete them');
    await expect(foot).toContainText('gone for good after 30 days');
    if (folder)
      await page.screenshot({ path: join(folder, `welcome-${viewport.width}.png`), fullPage: true });
    await openSignedIn(page, standIn);
    await expect(foot.getByRole('link', { name: 'help@example.com' })).toHaveAttribute(
      'href',
      'mailto:help@example.com',
    );
    await expectNoOverflow(page);
    await expectAccessible(page);
    if (folder) await page.screenshot({ path: join(folder, `home-${viewport.width}.png`), fullPage: true });
  });
}
