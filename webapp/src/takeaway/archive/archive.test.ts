import { expect, it, vi } from 'vitest';
import type { Job, ResultFile } from '../../api.ts';
import type { FileFormat } from '../../formats.ts';
import { FetchError } from '../fetchFile.ts';
import { readZip } from '../zip.testing.ts';
import { type Archive, archiveOf, EmptyArchive } from './archive.ts';
import type { Outside } from './Collector.ts';
import { archiveName, entriesOf, type Group, safeName } from './entries.ts';

const created = '2026-02-03T04:05:06.000Z';

const file = (format: FileFormat, name: string, links: number): ResultFile => ({
  format,
  name,
  bytes: 4,
  url: `https://bucket/${name}?X-Amz-Expires=4200&X-Amz-Signature=${links}`,
});

/** A job of two objects, of which one has failed; `links` differs between the links of two reads. */
const job = (links = 1): Job => ({
  jobId: '0123456789abcdefghjkmnpqrs',
  createdAt: created,
  state: 'partial',
  source: {
    name: 'Käse.jpg',
    width: 600,
    height: 400,
    bytes: 5,
    contentType: 'image/jpeg',
    url: `https://bucket/photo?X-Amz-Expires=4200&X-Amz-Signature=${links}`,
    thumbnail: `https://bucket/thumbnail?X-Amz-Expires=4200&X-Amz-Signature=${links}`,
  },
  options: { seed: 7, formats: ['glb', 'spz'], quality: 'draft' },
  objects: [
    {
      index: 1,
      label: 'cup/tea',
      box: [1, 2, 3, 4],
      state: 'succeeded',
      files: [file('glb', 'Käse-1-cup-tea.glb', links), file('spz', 'Käse-1-cup-tea.spz', links)],
      preview: `https://bucket/preview?X-Amz-Expires=4200&X-Amz-Signature=${links}`,
      mask: {
        source: 'points',
        share: 0.5,
        score: 0.9,
        check: false,
        url: `https://bucket/mask?X-Amz-Expires=4200&X-Amz-Signature=${links}`,
      },
      mesh: { vertices: 8, faces: 12 },
      backend: 'relief',
    },
    {
      index: 2,
      box: null,
      state: 'failed',
      files: [],
      error: { code: 'no_object', message: 'No object.' },
    },
  ],
  scene: {
    state: 'succeeded',
    files: [file('glb', 'Käse-scene.glb', links)],
    objects: [1],
    unplaced: [],
  },
});

const types: Readonly<Record<string, string>> = { preview: 'image/webp', mask: 'image/png' };

/** Gives each file's name as its content. */
function outside(given: Partial<Outside> = {}): Outside {
  return {
    fresh: vi.fn(async () => job(2)),
    fetchFile: vi.fn(async (link: string, received: (bytes: number) => void) => {
      const name = decodeURI(new URL(link).pathname.slice(1));
      received(name.length);
      return new Blob([name], { type: types[name] ?? '' });
    }),
    pause: vi.fn(async () => {}),
    now: () => Date.parse(created) + 3_600_000,
    ...given,
  };
}

function make(
  to: Outside,
  chosen: readonly Group[] = ['pictures', 'glb', 'spz'],
  signal: AbortSignal = new AbortController().signal,
  received: (bytes: number) => void = () => {},
): Archive {
  const entries = entriesOf(job()).filter(({ group }) => chosen.includes(group));
  return archiveOf(job(), entries, chosen, '1.2.3', to, received, signal);
}

/** Reads an archive to its end: the names and contents of its files. */
async function read({ stream }: Archive): Promise<Map<string, string>> {
  const zip = await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer();
  return new Map(readZip(Buffer.from(zip)).map(({ name, content }) => [name, content.toString()]));
}

it('has every file of the job, and the list of them without links', async () => {
  const archive = make(outside());
  const entries = await read(archive);
  const text = entries.get('manifest.json') ?? '';
  entries.delete('manifest.json');
  expect([...entries]).toEqual([
    ['photo/Käse.jpg', 'photo'],
    ['scene/Käse-scene.glb', 'Käse-scene.glb'],
    ['objects/1 cup-tea/Käse-1-cup-tea.glb', 'Käse-1-cup-tea.glb'],
    ['objects/1 cup-tea/Käse-1-cup-tea.spz', 'Käse-1-cup-tea.spz'],
    ['objects/1 cup-tea/mask.png', 'mask'],
    ['objects/1 cup-tea/preview.webp', 'preview'],
  ]);
  expect(archive.saved).toHaveLength(6);
  expect(text).not.toMatch(/https?:|X-Amz/);
  expect(JSON.parse(text)).toEqual({
    version: 1,
    service: { name: 'Gen3D', version: '1.2.3' },
    savedAt: '2026-02-03T05:05:06.000Z',
    job: { id: '0123456789abcdefghjkmnpqrs', createdAt: created, state: 'partial' },
    options: { seed: 7, formats: ['glb', 'spz'], quality: 'draft' },
    photo: {
      name: 'Käse.jpg',
      width: 600,
      height: 400,
      bytes: 5,
      contentType: 'image/jpeg',
      path: 'photo/Käse.jpg',
    },
    objects: [
      {
        index: 1,
        label: 'cup/tea',
        box: [1, 2, 3, 4],
        state: 'succeeded',
        backend: 'relief',
        mesh: { vertices: 8, faces: 12 },
        mask: {
          source: 'points',
          share: 0.5,
          score: 0.9,
          check: false,
          path: 'objects/1 cup-tea/mask.png',
        },
        preview: 'objects/1 cup-tea/preview.webp',
        files: [
          { format: 'glb', path: 'objects/1 cup-tea/Käse-1-cup-tea.glb', bytes: 19 },
          { format: 'spz', path: 'objects/1 cup-tea/Käse-1-cup-tea.spz', bytes: 19 },
        ],
      },
      {
        index: 2,
        label: '',
        box: null,
        state: 'failed',
        error: { code: 'no_object', message: 'No object.' },
        files: [],
      },
    ],
    scene: {
      state: 'succeeded',
      objects: [1],
      unplaced: [],
      files: [{ format: 'glb', path: 'scene/Käse-scene.glb', bytes: 15 }],
    },
    chosen: ['pictures', 'glb', 'spz'],
    missing: [],
  });
});

it('has only what was chosen', async () => {
  const entries = await read(make(outside(), ['spz']));
  expect([...entries.keys()]).toEqual(['objects/1 cup-tea/Käse-1-cup-tea.spz', 'manifest.json']);
});

it('names the files that are missing, and why', async () => {
  const usual = outside();
  const archive = make(
    outside({
      fetchFile: (link, ...rest) =>
        link.includes('.spz') ? Promise.reject(new FetchError(403)) : usual.fetchFile(link, ...rest),
    }),
  );
  const entries = await read(archive);
  const reason = 'the storage answered 403';
  expect(archive.missing.map(({ entry, reason }) => [entry.path, reason])).toEqual([
    ['objects/1 cup-tea/Käse-1-cup-tea.spz', reason],
  ]);
  expect(entries.get('MISSING FILES.txt')).toContain(`objects/1 cup-tea/Käse-1-cup-tea.spz: ${reason}`);
  expect(entries.has('objects/1 cup-tea/Käse-1-cup-tea.spz')).toBe(false);
  expect(JSON.parse(entries.get('manifest.json') ?? '').missing).toEqual([
    { path: 'objects/1 cup-tea/Käse-1-cup-tea.spz', reason },
  ]);
});

it('tries a file again with a new link, after a pause if the connection has failed', async () => {
  for (const failure of [new FetchError(403), new FetchError(0)]) {
    const usual = outside();
    const links: string[] = [];
    const to = outside({
      fetchFile: async (link, received, signal) => {
        links.push(link);
        if (!link.includes('.spz') || link.endsWith('=2')) return usual.fetchFile(link, received, signal);
        received(3);
        throw failure;
      },
    });
    let sum = 0;
    const archive = make(to, ['spz'], new AbortController().signal, (bytes) => {
      sum += bytes;
    });
    expect((await read(archive)).has('objects/1 cup-tea/Käse-1-cup-tea.spz')).toBe(true);
    expect(links.map((link) => link.slice(-1))).toEqual(['1', '2']);
    // What arrived before the failure does not count twice.
    expect(sum).toBe(18);
    expect(to.pause).toHaveBeenCalledTimes(failure.status === 0 ? 1 : 0);
  }
});

it('replaces links that expire during a long download', async () => {
  const usual = outside();
  let now = 0;
  const used: string[] = [];
  const to = outside({
    now: () => now,
    fetchFile: (link, ...rest) => {
      used.push(link.slice(-1));
      now += 50 * 60_000;
      return usual.fetchFile(link, ...rest);
    },
  });
  await read(make(to, ['glb', 'spz']));
  // A link is valid for 70 minutes, of which ten may have passed.
  expect(used).toEqual(['1', '1', '2']);
});

it('is not made without any file, and does not wait long for each', async () => {
  const to = outside({ fetchFile: () => Promise.reject(new FetchError(0)) });
  await expect(read(make(to))).rejects.toThrow(EmptyArchive);
  expect(to.pause).toHaveBeenCalledTimes(2);
});

it('ends when it is canceled', async () => {
  const canceled = new AbortController();
  const to = outside({
    fetchFile: () => {
      canceled.abort();
      return Promise.reject(new FetchError(0));
    },
  });
  await expect(read(make(to, ['glb', 'spz'], canceled.signal))).rejects.toThrow();
  expect(to.pause).not.toHaveBeenCalled();
});

it('has names that are valid everywhere and stay within it', () => {
  expect(
    ['../../etc/passwd', 'a\\b:c*?"<>|.png', '', '..', 'x\u0000y', `${'long'.repeat(90)}.glb`].map(safeName),
  ).toEqual(['-..-etc-passwd', 'a-b-c-.png', 'file', 'file', 'x-y', 'long'.repeat(30)]);
  expect(archiveName(job())).toBe('Käse.zip');
  expect(archiveName({ ...job(), source: undefined } as unknown as Job)).toBe('job.zip');
});
