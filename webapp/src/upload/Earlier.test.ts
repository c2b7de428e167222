import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Job, JobObject } from '../api.ts';
import { Earlier } from './Earlier.ts';
import { limits, photoBytes } from './photos.testing.ts';

/** Decodes a mask to one whose only run is the number of its file's bytes. */
vi.mock('../masks/tools.ts', () => ({
  maskFromPng: (file: Blob) => Promise.resolve({ width: 600, height: 400, runs: Uint32Array.of(file.size) }),
}));

const mask = (url: string) => ({ source: 'segmenter' as const, share: 0.5, check: true, url });
const object = (index: number, more: Partial<JobObject> = {}): JobObject => ({
  index,
  box: [10, 20, 110, 220],
  points: [],
  maskGiven: false,
  state: 'succeeded',
  files: [],
  ...more,
});
const source = { name: 'cup.jpg', width: 600, height: 400, bytes: 64_474, contentType: 'image/jpeg' };

describe('Earlier', () => {
  let files: Record<string, BodyInit>;
  const signal = new AbortController().signal;
  const fetcher = vi.fn((url: RequestInfo | URL) => {
    const body = files[String(url)];
    return Promise.resolve(body ? new Response(body) : new Response('', { status: 404 }));
  });

  beforeEach(() => {
    files = { photo: photoBytes('coffee.jpg'), found: '12345', given: '1' };
  });

  function read(objects: JobObject[], more: Partial<Job> = {}, only?: number) {
    const job: Job = {
      jobId: 'j0',
      createdAt: '',
      state: 'partial',
      source: { ...source, url: 'photo' },
      options: { seed: 7, formats: ['ply', 'gone'], quality: 'high', faces: 2000 },
      objects,
      ...more,
    };
    const earlier = new Earlier({ getJob: () => Promise.resolve(job) }, limits, fetcher);
    return earlier.read('j0', only, signal);
  }

  it('returns the photo with boxes, points, labels, options and the masks that were used', async () => {
    const submitted = await read([
      object(1, {
        label: 'cup',
        points: [
          [3, 4, 1],
          [5, 6, 0],
        ],
        mask: mask('found'),
        givenMaskUrl: 'given',
      }),
      object(2, { state: 'failed' }),
    ]);
    expect(submitted.photo).toMatchObject({ name: 'cup.jpg', type: 'image/jpeg', width: 600, from: 'j0' });
    expect(submitted.options).toEqual({ seed: '7', formats: ['ply'], quality: 'high', faces: '2000' });
    const box = { x0: 10, y0: 20, x1: 110, y1: 220 };
    const points = [
      { x: 3, y: 4, isInside: true },
      { x: 5, y: 6, isInside: false },
    ];
    expect(submitted.boxes).toEqual([
      {
        box,
        label: 'cup',
        points,
        painting: null,
        mask: { width: 600, height: 400, runs: Uint32Array.of(5), copyOf: 1 },
      },
      { box, label: '', points: [], painting: null, mask: null },
    ]);
    // What the browser's cache has of an image cannot be read.
    for (const [, init] of fetcher.mock.calls as unknown as [unknown, RequestInit][])
      expect(init.cache).toBe('no-store');
  });

  it('returns one object only, with the mask that was given if the model has kept none', async () => {
    const objects = [
      object(1),
      object(2, { maskGiven: true, state: 'failed', mask: mask('lost'), givenMaskUrl: 'given' }),
    ];
    const { boxes } = await read(objects, {}, 2);
    expect(boxes.map((one) => one.mask)).toEqual([
      { width: 600, height: 400, runs: Uint32Array.of(1), copyOf: 2 },
    ]);
    await expect(read(objects, {}, 3)).rejects.toThrow('This job has no object 3.');
  });

  it('has no box for the whole picture, and the picture’s own for any other object without one', async () => {
    expect((await read([object(1, { box: null, mask: mask('found') })])).boxes).toEqual([]);
    const picture = { x0: 0, y0: 0, x1: 600, y1: 400 };
    for (const objects of [
      [object(1, { box: null, points: [[3, 4, 1]] })],
      [object(1, { box: null, maskGiven: true })],
      [object(1, { box: null }), object(2)],
    ])
      expect((await read(objects)).boxes[0]?.box).toEqual(picture);
  });

  it('says what is wrong with the photo, and what may pass', async () => {
    await expect(read([object(1)], { source })).rejects.toThrow(/never arrived/);
    files.photo = 'not a photo';
    await expect(read([object(1)])).rejects.toThrow(/not a photo/);
    delete files.photo;
    await expect(read([object(1)])).rejects.toThrow(/no longer stored/);
    await expect(read([object(1)])).rejects.toMatchObject({ kind: 'refused' });
    fetcher.mockResolvedValueOnce(new Response('', { status: 503 }));
    await expect(read([object(1)])).rejects.toMatchObject({ kind: 'network' });
    fetcher.mockRejectedValueOnce(new TypeError('offline'));
    await expect(read([object(1)])).rejects.toMatchObject({ kind: 'network' });
  });
});
