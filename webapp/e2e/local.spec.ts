import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readZip } from '../src/takeaway/zip.testing.ts';
import { expectAccessibleInBothSchemes, expectNoOverflow } from './axe.ts';
import { closeDialog, openDownloads, withoutFilePicker } from './downloads.ts';
import { draw, expect, photo, signIn, test, watchPage } from './fixtures.ts';
import { expectMeshDrawn, stage, tab } from './viewer.ts';

const url = process.env.GEN3D_URL?.replace(/\/$/, '') ?? '';

interface Mail {
  readonly subject?: string;
  readonly to?: readonly string[] | string;
}

test.describe('the service on one machine', () => {
  test.skip(url === '', 'GEN3D_URL names no running `gen3d local`');

  test('a photo with two boxes results in two meshes and an email', async ({ page }) => {
    test.setTimeout(300_000);
    const faults = watchPage(page);
    await withoutFilePicker(page);
    await signIn(page, url);
    await page.getByLabel('Drop a photo here').setInputFiles(photo('coffee.jpg'));
    await draw(page, [0.18, 0.08], [0.6, 0.86]);
    await draw(page, [0.62, 0.3], [0.82, 0.8]);
    await page.getByLabel('Label of object 1').fill('cup');
    await page.getByRole('button', { name: 'Make 2 meshes' }).click();

    await page.waitForURL(/\/jobs\/[0-9a-z]{26}$/);
    const jobId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    await expect(page.locator('.job-lead', { hasText: '2 meshes are ready.' })).toBeVisible({
      timeout: 120_000,
    });
    for (const name of ['cup', 'Object 2']) {
      await tab(page, name).click();
      await expectMeshDrawn(page, name);
      await stage(page, name).getByRole('button', { name: 'Details' }).click();
      await expect(stage(page, name)).toContainText('CPU preview, not SAM 3D');
      await page.keyboard.press('Escape');
      await page.getByRole('radio', { name: 'Splat' }).check();
      await expectMeshDrawn(page, name);
      await page.getByRole('radio', { name: 'Textured' }).check();
    }
    /** Downloads a file of the item on the stage; returns its name. */
    const download = async (name: string): Promise<string> => {
      const started = page.waitForEvent('download');
      const files = await openDownloads(page.getByRole('tabpanel'));
      await files.getByRole('link', { name: new RegExp(`^${name}`) }).click();
      const file = (await started).suggestedFilename();
      await closeDialog(files);
      return file;
    };
    expect(await download('GLB')).toMatch(/\.glb$/);

    await tab(page, 'Photo').click();
    await expect(page.locator('.stage-photo .box-frame')).toHaveCount(2);
    await expect(page.locator('.stage-photo .mask-overlay')).toHaveCount(2);

    await tab(page, 'Whole scene').click({ timeout: 60_000 });
    await expectMeshDrawn(page, 'Whole scene');
    expect(await download('GLB')).toBe('coffee-scene.glb');

    // Everything by CORS from the local S3: what the page has shown without it, too.
    await page.getByRole('button', { name: 'Download everything' }).click();
    const everything = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download zip' }).click();
    const zip = await everything;
    expect(zip.suggestedFilename()).toBe('coffee.zip');
    const contents = new Map(
      readZip(await readFile(await zip.path())).map(({ name, content }) => [name, content]),
    );
    const [of1, of2] = ['objects/1 cup', 'objects/2'];
    expect([...contents.keys()].sort()).toEqual(
      [
        'manifest.json',
        'photo/coffee.jpg',
        ...['.glb', '-splat.ply'].map((suffix) => `scene/coffee-scene${suffix}`),
        ...['.glb', '.ply', '-splat.ply', '.spz'].flatMap((suffix) => [
          `${of1}/coffee-1-cup${suffix}`,
          `${of2}/coffee-2${suffix}`,
        ]),
        ...[of1, of2].flatMap((folder) => [`${folder}/mask.png`, `${folder}/preview.png`]),
      ].sort(),
    );
    expect(contents.get('photo/coffee.jpg')).toEqual(await readFile(photo('coffee.jpg')));
    expect(contents.get(`${of1}/coffee-1-cup.glb`)?.toString('latin1', 0, 4)).toBe('glTF');
    expect(JSON.parse(contents.get('manifest.json')?.toString() ?? '')).toMatchObject({
      job: { id: jobId, state: 'succeeded' },
      missing: [],
    });
    await page.getByRole('button', { name: 'Close' }).click();

    await expect
      .poll(
        async () => {
          const answer: unknown = await (await page.request.get(`${url}/mailbox.json`)).json();
          const mails = (
            Array.isArray(answer) ? answer : ((answer as { mails?: Mail[] }).mails ?? [])
          ) as Mail[];
          return mails.filter((mail) => JSON.stringify(mail).includes(jobId)).map((mail) => mail.subject);
        },
        { message: 'mails about the job', timeout: 60_000 },
      )
      .toEqual(['Your 3D Mesh is Ready!', 'Your 3D Mesh is Ready!']); // to the user and the admin

    await page.getByRole('link', { name: 'All jobs' }).click();
    await expect(page.locator(`a[href="/jobs/${jobId}"]`)).toBeVisible();
    expect(faults).toEqual([]);
  });

  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ]) {
    test.describe(`at ${viewport.width} × ${viewport.height}, light and dark`, () => {
      test.use({ viewport, bypassCSP: true });

      test('its pages for signing in, mails and operations pass the automatic checks of WCAG 2.2 AA', async ({
        page,
      }) => {
        const check = async (): Promise<void> => {
          await expectNoOverflow(page);
          await expectAccessibleInBothSchemes(page);
        };
        await page.goto(url);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await expect(page.getByRole('button', { name: 'testuser001' })).toBeVisible();
        await check();
        await page.goto(`${url}/mailbox`);
        // The mails of the test above.
        const mail = page.getByRole('link').filter({ hasText: 'testuser001@example.com' }).first();
        await expect(mail).toBeVisible();
        await check();
        await mail.click();
        await expect(page.getByRole('heading', { level: 1 })).toHaveText('Your 3D Mesh is Ready!');
        // The mail is in a frame without scripts, where Axe cannot run.
        await page.locator('iframe').evaluateAll((frames) => {
          for (const frame of frames) frame.remove();
        });
        await check();
        await page.getByRole('link', { name: 'Operations' }).click();
        await expect(
          page.getByText('An event appears here when all attempts to process it have failed.'),
        ).toBeVisible();
        await check();
        // A dead letter takes minutes to come about: its part of the page's template.
        await page.locator('.empty').evaluate(
          (empty, letter) => {
            empty.outerHTML = letter;
          },
          await deadLetter(),
        );
        await expect(page.getByRole('button', { name: 'Send again' })).toBeVisible();
        await page.getByText('Event of request').click();
        await check();
      });
    });
  }
});

/** A dead letter as the page of operations shows it, whose values are all the same. */
async function deadLetter(): Promise<string> {
  const path = '../../local/operations/page/operations.html';
  const template = await readFile(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
  const [, part = ''] = /\{\{- range \.DeadLetters\}\}([\s\S]*?)\{\{- else\}\}/.exec(template) ?? [];
  return part.replace(/\{\{[^}]*\}\}/g, 'value');
}
