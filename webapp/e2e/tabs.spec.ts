import { draw, expect, photo, places, signIn, test } from './fixtures.ts';

test('a new tab is signed in, and signing out in one tab signs out all', async ({
  page,
  context,
  standIn,
}) => {
  const job = standIn.addJob({
    name: 'mine.jpg',
    objects: [{ box: [10, 10, 200, 200], fails: 'No object found.' }],
  });
  await signIn(page, standIn.url);
  await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee.jpg'));
  await draw(page, [0.1, 0.1], [0.4, 0.5]);

  // Opens as a link in an email does.
  const other = await context.newPage();
  await other.goto(`${standIn.url}/jobs/${job.jobId}`);
  await expect(other.getByRole('heading', { name: 'mine.jpg' })).toBeVisible();
  const opened = context.waitForEvent('page');
  await page.getByRole('link', { name: 'mine.jpg' }).click({ modifiers: ['ControlOrMeta'] });
  const third = await opened;
  await expect(third.getByRole('heading', { name: 'mine.jpg' })).toBeVisible();

  await other.getByRole('button', { name: 'Sign out' }).click();
  await other.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  for (const tab of [page, other, third])
    await expect(tab.getByRole('button', { name: 'Sign in' })).toBeVisible();
  expect(await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)])).toEqual(
    [],
  );

  // A sign-in is shared as well; what was drawn before is deleted.
  await signIn(other, standIn.url);
  await expect(page.getByRole('link', { name: 'mine.jpg' })).toBeVisible();
  await expect(places(page)).toHaveCount(0);
  await expect(third.getByRole('heading', { name: 'mine.jpg' })).toBeVisible();
});

test('a token is renewed by one tab for all', async ({ page, context, standIn }) => {
  standIn.addJob({ name: 'mine.jpg' });
  await signIn(page, standIn.url);
  const other = await context.newPage();
  await other.goto(standIn.url);
  for (const tab of [page, other]) await expect(tab.getByRole('link', { name: 'mine.jpg' })).toBeVisible();
  const before = standIn.requests.filter((line) => line === 'POST /oidc/token').length;
  // A page that is left could renew its token for the last poll of its list.
  for (const tab of [page, other]) await tab.goto('about:blank');
  standIn.issuer.endSessions();
  await Promise.all([page.goto(standIn.url), other.goto(standIn.url)]);
  for (const tab of [page, other]) await expect(tab.getByRole('link', { name: 'mine.jpg' })).toBeVisible();
  expect(standIn.requests.filter((line) => line === 'POST /oidc/token').length - before).toBe(1);
});

test('an unreachable issuer does not end the session', async ({ page, standIn }) => {
  standIn.addJob({ name: 'mine.jpg' });
  await signIn(page, standIn.url);
  await expect(page.getByRole('link', { name: 'mine.jpg' })).toBeVisible();
  await page.route('**/oidc/token', (route) => route.abort('connectionrefused'));
  standIn.issuer.endSessions();
  await page.reload();
  await expect(page.getByRole('alert')).toContainText('this page keeps trying');
  await page.unroute('**/oidc/token');
  await expect(page.getByRole('link', { name: 'mine.jpg' })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});
