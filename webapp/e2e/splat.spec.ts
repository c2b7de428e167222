import { addWorkerScript, whereItDraws } from './drawing.ts';
import { expect, openSignedIn, test } from './fixtures.ts';
import { expectChange, expectMeshDrawn, look, radio, tab } from './viewer.ts';
import { cup } from './wholeJob.ts';

const { box } = cup;

test('a splat is shown from whichever file there is, and one that is damaged is reported', async ({
  page,
  standIn,
  faults,
}) => {
  const job = standIn.addJob({
    objects: [
      { label: 'compressed', box, formats: ['spz'] },
      { label: 'plain', box, formats: ['splat'] },
      { label: 'both', box },
      { label: 'neither', box, formats: ['ply'] },
    ],
  });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  for (const name of ['compressed', 'plain']) {
    await tab(page, name).click();
    await expectMeshDrawn(page, name);
  }
  const fetched = (name: string) => standIn.requests.filter((line) => line.includes(name)).length;
  expect([fetched('1/splat.spz'), fetched('2/splat.ply'), fetched('mesh.glb')]).toEqual([1, 1, 0]);
  await tab(page, 'neither').click();
  await expect(page.getByText('No GLB or splat was made')).toBeVisible();

  await tab(page, 'both').click();
  await expectMeshDrawn(page, 'both');
  for (let i = 0; i < 2; i += 1) standIn.failNext(/GET .*3\/splat\.spz/, 200, 'not a splat');
  await radio(page, 'Splat').check();
  await expect(page.getByText('The splat could not be shown.')).toBeVisible();
  // The mesh stays in sight, and the other views at hand.
  await radio(page, 'Clay').check();
  await expect(page.getByText('The splat could not be shown.')).toBeHidden();
  await radio(page, 'Splat').check();
  await expectMeshDrawn(page, 'both');
  expect(faults).toEqual([]);
});

test('a splat that is loaded again replaces one whose load was canceled when it was done', async ({
  page,
  standIn,
}) => {
  interface Seen {
    /** The textures of splats, and how many there have been. */
    readonly splats: Set<WebGLTexture>;
    made: number;
    /** Messages to the page, which do not reach it. */
    held: unknown[] | null;
  }
  addWorkerScript(standIn, () => {
    const seen: Seen = { splats: new Set(), made: 0, held: null };
    Object.assign(globalThis, { seen });
    const { postMessage } = globalThis;
    globalThis.postMessage = (...args: [unknown]) => {
      if (seen.held) seen.held.push(args);
      else Reflect.apply(postMessage, globalThis, args);
    };
    const { texStorage2D, deleteTexture } = WebGL2RenderingContext.prototype;
    WebGL2RenderingContext.prototype.texStorage2D = function (...args) {
      if (args[2] === this.RGBA32UI) {
        seen.splats.add(this.getParameter(this.TEXTURE_BINDING_2D));
        seen.made += 1;
      }
      texStorage2D.apply(this, args);
    };
    WebGL2RenderingContext.prototype.deleteTexture = function (texture) {
      if (texture) seen.splats.delete(texture);
      deleteTexture.call(this, texture);
    };
  });
  const inWorker = <Result>(read: () => Result) => whereItDraws(page, 'in the worker', read);
  const job = standIn.addJob({ objects: [cup] });
  await openSignedIn(page, standIn, `/jobs/${job.jobId}`);
  await expectMeshDrawn(page, 'cup');
  await inWorker(() => {
    (globalThis as unknown as { seen: Seen }).seen.held = [];
  });
  await radio(page, 'Splat').check();
  await expect
    .poll(() => inWorker(() => (globalThis as unknown as { seen: Seen }).seen.held?.length))
    .toBe(1);
  const splat = await look(page);
  await radio(page, 'Clay').check();
  const clay = await expectChange(page, splat, 'clay');
  await inWorker(() => {
    (globalThis as unknown as { seen: Seen }).seen.held = null;
  });
  await radio(page, 'Splat').check();
  await expectChange(page, clay, 'the splat');
  const splats = () =>
    inWorker(() => {
      const { seen } = globalThis as unknown as { seen: Seen };
      return { made: seen.made, kept: seen.splats.size };
    });
  await expect.poll(splats).toEqual({ made: 2, kept: 1 });
});
