import { describe, expect, it, vi } from 'vitest';
import { type Api, ApiError, type JobRequest } from '../api.ts';
import { maskOf } from '../masks/Mask.ts';
import { deliver } from './deliver.ts';
import type { QueuedPhoto } from './PhotoQueue.ts';
import { sendPhoto } from './transfer.ts';

vi.mock('./transfer.ts', () => ({ sendPhoto: vi.fn().mockResolvedValue(undefined) }));
vi.mock('../masks/tools.ts', () => ({
  grayPng: () => Promise.resolve({ file: new Blob(['12345']), checksum: 1 }),
}));

const size = { width: 600, height: 400 };
const mask = maskOf(new Uint8Array(size.width * size.height).fill(1), size);
const box = { x0: 1, y0: 2, x1: 30, y1: 40 };
const earlier: QueuedPhoto = {
  id: 'd1',
  photo: { ...size, file: new Blob(['1234']), name: 'a.jpg', type: 'image/jpeg', alpha: false, from: 'j0' },
  addedAt: 0,
  promised: null,
  sending: { step: 'idle' },
  boxes: [
    { box, label: '', mask: { ...mask, copyOf: 3 } },
    { box, label: '', mask },
  ],
  selected: -1,
  options: null,
};

function start(...refusals: ApiError[]) {
  const requests: JobRequest[] = [];
  const api = {
    createJob: vi.fn((request: JobRequest) => {
      requests.push(request);
      const refusal = refusals.shift();
      if (refusal) return Promise.reject(refusal);
      const upload = { url: '/photo', fields: {}, expiresAt: '' };
      return Promise.resolve({ jobId: 'j1', state: 'uploading', ...('from' in request ? {} : { upload }) });
    }),
    startJob: vi.fn().mockResolvedValue(undefined),
    deleteJob: vi.fn().mockResolvedValue(undefined),
  };
  const send = (item = earlier) =>
    deliver(
      api as unknown as Api,
      item,
      () => {},
      () => {},
      new AbortController().signal,
    );
  return { api, requests, send };
}

describe('deliver', () => {
  it('sends only the masks that the service does not have', async () => {
    const { api, requests, send } = start();
    await expect(send()).resolves.toBe('j1');
    expect(requests).toMatchObject([
      { from: { jobId: 'j0' }, objects: [{ mask: { copy: 3 } }, { mask: { bytes: 5 } }] },
    ]);
    expect(api.startJob).toHaveBeenCalledTimes(1);
    expect(sendPhoto).not.toHaveBeenCalled();
  });

  it('sends the photo with all masks if the service no longer has it', async () => {
    const { api, requests, send } = start(new ApiError('refused', '', 409, 'photo_gone'));
    await expect(send()).resolves.toBe('j1');
    expect(requests[1]).toMatchObject({
      name: 'a.jpg',
      objects: [{ mask: { bytes: 5 } }, { mask: { bytes: 5 } }],
    });
    expect(api.startJob).not.toHaveBeenCalled();
    expect(sendPhoto).toHaveBeenCalledTimes(1);
  });

  it('refuses options that cannot be used before anything is sent', async () => {
    const { api, send } = start();
    const options = { seed: '-1', formats: ['glb' as const] };
    await expect(send({ ...earlier, options })).rejects.toThrow('The seed must be');
    expect(api.createJob).not.toHaveBeenCalled();
  });
});
