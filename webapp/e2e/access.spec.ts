import { expectAccessible } from './axe.ts';
import { draw, expect, photo, signIn, test } from './fixtures.ts';
import { standInForNotifications } from './notifications.ts';

// Axe injects its script; other tests cover the policy.
test.use({ bypassCSP: true });

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every view passes the automatic checks of WCAG 2.2 AA, ${colorScheme}`, async ({ page, standIn }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await standInForNotifications(page, 'granted');
    const check = () => expectAccessible(page);

    await page.goto(standIn.url);
    await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
    await check();
    await signIn(page, standIn.url);
    await expect(page.getByText('No jobs yet.')).toBeVisible();
    await check();
    for (const fails of ['', 'No object found.'])
      standIn.addJob({ objects: [{ box: [9, 9, 99, 99], fails }] });
    await page.reload();
    await expect(page.locator('.job-card')).toHaveCount(2);
    await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee.jpg'));
    await draw(page, [0.1, 0.1], [0.4, 0.5]);
    await page.getByText('Options').click();
    await check();
    await page.getByRole('button', { name: 'Check mask of object 1' }).click();
    await expect(page.getByText(/The mask covers|No object was found/)).toBeVisible();
    await check();
    await page.getByRole('button', { name: 'Brush', exact: true }).click();
    await check();
    const job = standIn.addJob({
      objects: [
        { box: [9, 9, 99, 99], fails: 'No object found.' },
        { box: null, fails: 'No object found.' },
      ],
    });
    await page.goto(`${standIn.url}/jobs/${job.jobId}`);
    await expect(page.getByText('No mesh could be made.')).toBeVisible();
    await check();
    await page.getByRole('button', { name: 'Delete' }).click();
    await check();
    const now = Date.now();
    const waiting = { reason: 'instance', objectsAhead: 0, estimatedSeconds: 240 } as const;
    const { jobId } = standIn.addJob({ createdAt: now, uploadedAt: now, waiting });
    await page.goto(`${standIn.url}/jobs/${jobId}`);
    await expect(page.getByText('Waiting for the GPU to start')).toBeVisible();
    await check();
    await page.getByRole('button', { name: 'Notify me' }).click();
    await expect(page.getByRole('button', { name: 'Notify me', pressed: true })).toBeVisible();
    await check();
  });
}
