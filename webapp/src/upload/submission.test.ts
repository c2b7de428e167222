import { describe, expect, it, vi } from 'vitest';
import { ApiError, type CreatedJob } from '../api.ts';
import type { Photo } from './check.ts';
import { requestFor, Submission } from './submission.ts';
import { TransferError } from './TransferError.ts';
import type { sendPhoto } from './transfer.ts';

const photo: Photo = {
  file: new Blob(['1234']),
  name: 'a.jpg',
  type: 'image/jpeg',
  width: 600,
  height: 400,
  alpha: false,
};
const options = { seed: 0, formats: ['glb' as const] };
const objects = [
  { box: { x0: 1, y0: 2, x1: 30, y1: 40 }, label: ' cup ' },
  { box: { x0: 5, y0: 6, x1: 70, y1: 80 }, label: '  ' },
];

describe('requestFor', () => {
  it('matches the API’s request', () => {
    expect(requestFor(photo, objects, options)).toEqual({
      name: 'a.jpg',
      contentType: 'image/jpeg',
      bytes: 4,
      width: 600,
      height: 400,
      objects: [{ label: 'cup', box: [1, 2, 30, 40] }, { box: [5, 6, 70, 80] }],
      options,
    });
  });

  it('contains no objects if none are marked', () => {
    expect(requestFor(photo, [], options)).not.toHaveProperty('objects');
  });
});

describe('the photo of an earlier job', () => {
  it('is named by the job, with its masks by their numbers and its points', () => {
    const [box] = objects.map((object) => object.box);
    if (!box) throw new Error('no box');
    const points = [{ x: 3, y: 4, isInside: true }];
    const request = requestFor(
      { ...photo, from: 'j0' },
      [{ box, label: 'cup', points, mask: { copy: 3 } }],
      options,
    );
    expect(request).toEqual({
      from: { jobId: 'j0', start: false },
      objects: [{ label: 'cup', box: [1, 2, 30, 40], points: [[3, 4, 1]], mask: { copy: 3 } }],
      options,
    });
  });

  it('is the whole picture only if the list is empty: without a list its objects would be kept', () => {
    expect(requestFor({ ...photo, from: 'j0' }, [], options)).toMatchObject({ objects: [] });
  });
});

describe('masks', () => {
  it('are announced by their size, in place of points', () => {
    const points = [
      { x: 3, y: 4, isInside: true },
      { x: 5, y: 6, isInside: false },
    ];
    const [box] = objects.map((object) => object.box);
    if (!box) throw new Error('no box');
    const mask = { file: new Blob(['123']), checksum: 7 };
    const request = requestFor(
      photo,
      [
        { box, label: '', points, mask: null },
        { box, label: '', points, mask },
      ],
      options,
    );
    expect(request.objects).toEqual([
      {
        box: [1, 2, 30, 40],
        points: [
          [3, 4, 1],
          [5, 6, 0],
        ],
      },
      { box: [1, 2, 30, 40], mask: { bytes: 3 } },
    ]);
  });
});

describe('Submission', () => {
  const created = (jobId: string, lasts = 600_000) => ({
    jobId,
    state: 'uploading' as const,
    upload: { url: `/${jobId}`, fields: {}, expiresAt: new Date(Date.now() + lasts).toISOString() },
  });
  const signal = new AbortController().signal;
  const lost = new TransferError('', 'network');

  function start(transfer: typeof sendPhoto, jobs = [created('j1'), created('j2')]) {
    const api = {
      createJob: vi.fn(() => Promise.resolve(jobs.shift() as CreatedJob)),
      startJob: vi.fn().mockResolvedValue(undefined),
      getJob: vi.fn().mockResolvedValue({ state: 'uploading', objects: [] }),
      deleteJob: vi.fn().mockResolvedValue(undefined),
    };
    const sent = vi.fn(transfer);
    const changed = vi.fn();
    const submission = new Submission(api, null, changed, sent);
    const send = (marked = objects) => submission.send(photo, marked, options, () => {}, signal);
    return { api, sent, changed, submission, send };
  }

  it('returns the job once the photo has arrived', async () => {
    const { api, submission, changed } = start((_ticket, _photo, progress) => Promise.resolve(progress(0.5)));
    const seen: unknown[] = [];
    await expect(submission.send(photo, objects, options, (one) => seen.push(one), signal)).resolves.toBe(
      'j1',
    );
    expect(seen).toEqual([{ step: 'asking' }, { step: 'sending', share: 0.5 }]);
    expect(api.deleteJob).not.toHaveBeenCalled();
    expect(changed.mock.calls.map(([promised]) => promised?.jobId ?? null)).toEqual(['j1', null]);
  });

  it('sends each mask by its form before the photo, and another mask of the same size anew', async () => {
    const ticket = (name: string) => ({ ...created(name).upload, url: `/${name}` });
    const jobs = ['j1', 'j2'].map((id) => ({
      ...created(id),
      masks: [{ object: 2, upload: ticket(`${id}-mask`) }],
    }));
    const urls: string[] = [];
    const bodies: Blob[] = [];
    let isLost = true;
    const { api, submission } = start((to, body) => {
      urls.push(to.url);
      bodies.push(body);
      return to.url === '/j1' && isLost ? Promise.reject(lost) : Promise.resolve();
    }, jobs);
    const send = (file: Blob, checksum: number) =>
      submission.send(
        photo,
        objects.map((object, i) => (i === 1 ? { ...object, mask: { file, checksum } } : object)),
        options,
        () => {},
        signal,
      );
    const [first, second] = [new Blob(['123']), new Blob(['456'])];
    await expect(send(first, 1)).rejects.toBe(lost);
    expect(urls).toEqual(['/j1-mask', '/j1']);
    isLost = false;
    await expect(send(second, 2)).resolves.toBe('j2');
    expect(api.deleteJob).toHaveBeenCalledWith('j1', signal);
    expect(urls.slice(2)).toEqual(['/j2-mask', '/j2']);
    expect(bodies).toEqual([first, photo.file, second, photo.file]);
  });

  it('starts the job of an earlier photo after its masks, without sending the photo', async () => {
    const upload = { url: '/mask', fields: {}, expiresAt: new Date(Date.now() + 600_000).toISOString() };
    const jobs = [{ jobId: 'j1', state: 'uploading' as const, masks: [{ object: 1, upload }] }];
    const { api, submission, sent } = start(() => Promise.resolve(), jobs as never);
    const mask = { file: new Blob(['123']), checksum: 7 };
    const marked = objects.map((object, i) => ({ ...object, mask: i === 0 ? mask : { copy: 2 } }));
    api.startJob.mockImplementationOnce(() => {
      expect(sent.mock.calls.map(([ticket]) => ticket.url)).toEqual(['/mask']);
      return Promise.reject(new ApiError('network', ''));
    });
    const send = () => submission.send({ ...photo, from: 'j0' }, marked, options, () => {}, signal);
    await expect(send()).rejects.toMatchObject({ kind: 'network' });
    expect(api.deleteJob).not.toHaveBeenCalled();
    await expect(send()).resolves.toBe('j1');
    expect(api.createJob).toHaveBeenCalledTimes(1);
    expect(api.startJob).toHaveBeenCalledTimes(2);
    expect(sent.mock.calls.some(([, file]) => file === photo.file)).toBe(false);
  });

  it('makes no second job of an earlier photo if only the response to its start was lost', async () => {
    const { api, submission } = start(() => Promise.resolve(), [
      { jobId: 'j1', state: 'uploading' },
    ] as never);
    api.startJob.mockRejectedValueOnce(new ApiError('network', ''));
    const send = () => submission.send({ ...photo, from: 'j0' }, [], options, () => {}, signal);
    await expect(send()).rejects.toMatchObject({ kind: 'network' });
    api.getJob.mockResolvedValue({ state: 'queued', objects: [] });
    await expect(send()).resolves.toBe('j1');
    expect(api.createJob).toHaveBeenCalledTimes(1);
    expect(api.startJob).toHaveBeenCalledTimes(1);
  });

  it('creates another job of an earlier photo if the first can soon no longer be started', async () => {
    const jobs = ['j1', 'j2'].map((jobId) => ({ jobId, state: 'uploading' }));
    const { api, submission } = start(() => Promise.resolve(), jobs as never);
    api.startJob.mockRejectedValueOnce(new ApiError('network', ''));
    const send = () => submission.send({ ...photo, from: 'j0' }, [], options, () => {}, signal);
    await expect(send()).rejects.toMatchObject({ kind: 'network' });
    const expiresAt = new Date(Date.now() + 30_000).toISOString();
    api.getJob.mockResolvedValue({ state: 'uploading', expiresAt, objects: [] });
    await expect(send()).resolves.toBe('j2');
    expect(api.deleteJob).toHaveBeenCalledWith('j1', signal);
  });

  it('deletes the job whose photo was refused', async () => {
    const { api, send } = start(() => Promise.reject(new TransferError('', 'EntityTooLarge')));
    api.deleteJob.mockRejectedValue(new Error('away'));
    await expect(send()).rejects.toMatchObject({ code: 'EntityTooLarge' });
    expect(api.deleteJob).toHaveBeenCalledWith('j1');
  });

  it('uses the pending job again after a broken connection', async () => {
    const { api, send, sent } = start(() => Promise.resolve());
    sent.mockRejectedValueOnce(lost);
    await expect(send()).rejects.toBe(lost);
    expect(api.deleteJob).not.toHaveBeenCalled();
    await expect(send()).resolves.toBe('j1');
    expect(api.createJob).toHaveBeenCalledTimes(1);
    expect(sent.mock.calls.map(([ticket]) => ticket.url)).toEqual(['/j1', '/j1']);
  });

  it('sends nothing again if only the response was lost', async () => {
    const { api, send, sent } = start(() => Promise.reject(lost));
    await expect(send()).rejects.toBe(lost);
    api.getJob.mockResolvedValue({ state: 'queued', objects: [] });
    await expect(send()).resolves.toBe('j1');
    expect(api.createJob).toHaveBeenCalledTimes(1);
    expect(sent).toHaveBeenCalledTimes(1);
  });

  it('treats a form that was already used as an arrival', async () => {
    const { api, send, sent } = start(() => Promise.reject(lost));
    await expect(send()).rejects.toBe(lost);
    sent.mockRejectedValueOnce(new TransferError('', 'PreconditionFailed'));
    await expect(send()).resolves.toBe('j1');
    expect(api.deleteJob).not.toHaveBeenCalled();
  });

  it('deletes the pending job before it creates another one', async () => {
    for (const [why, change, jobs] of [
      ['other boxes', objects.slice(1), undefined],
      ['a ticket that ran out', objects, [created('j1', 30_000), created('j2')]],
    ] as const) {
      const { api, send, sent } = start(() => Promise.resolve(), jobs && [...jobs]);
      sent.mockRejectedValueOnce(lost);
      await expect(send(), why).rejects.toBe(lost);
      api.deleteJob.mockImplementationOnce(() => {
        expect(api.createJob).toHaveBeenCalledTimes(1);
        return Promise.resolve();
      });
      await expect(send([...change]), why).resolves.toBe('j2');
      expect(api.deleteJob).toHaveBeenCalledWith('j1', signal);
    }
  });

  it('keeps a job that arrived when other boxes are sent after it', async () => {
    const { api, send, sent } = start(() => Promise.resolve());
    sent.mockRejectedValueOnce(lost);
    await expect(send()).rejects.toBe(lost);
    api.getJob.mockResolvedValue({ state: 'succeeded', objects: [] });
    await expect(send(objects.slice(1))).resolves.toBe('j2');
    expect(api.deleteJob).not.toHaveBeenCalled();
  });

  it('creates a new job if the pending one is deleted or failed', async () => {
    for (const answer of [
      () => Promise.reject(new ApiError('refused', '', 404)),
      () => Promise.resolve({ state: 'failed', error: { code: 'upload_expired', message: '' }, objects: [] }),
    ]) {
      const { api, send, sent } = start(() => Promise.resolve());
      sent.mockRejectedValueOnce(lost);
      await expect(send()).rejects.toBe(lost);
      api.getJob.mockImplementation(answer);
      await expect(send()).resolves.toBe('j2');
    }
  });
});
