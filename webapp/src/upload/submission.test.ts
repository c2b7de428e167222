import { describe, expect, it, vi } from 'vitest';
import type { Photo } from './check.ts';
import { requestFor, Submission } from './submission.ts';

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
  it('speaks as the API does', () => {
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

  it('names no objects where none are marked', () => {
    expect(requestFor(photo, [], options)).not.toHaveProperty('objects');
  });
});

describe('Submission', () => {
  const created = {
    jobId: 'j1',
    state: 'uploading' as const,
    upload: { url: '', fields: {}, expiresAt: '' },
  };
  const signal = new AbortController().signal;

  it('answers the job once the photo is there', async () => {
    const api = { createJob: vi.fn().mockResolvedValue(created), deleteJob: vi.fn() };
    const submission = new Submission(api, (_ticket, _photo, progress) => Promise.resolve(progress(0.5)));
    const seen: unknown[] = [];
    await expect(submission.send(photo, objects, options, (one) => seen.push(one), signal)).resolves.toBe(
      'j1',
    );
    expect(seen).toEqual([{ step: 'asking' }, { step: 'sending', share: 0.5 }]);
    expect(api.deleteJob).not.toHaveBeenCalled();
  });

  it('leaves no job behind whose photo never came', async () => {
    const api = {
      createJob: vi.fn().mockResolvedValue(created),
      deleteJob: vi.fn().mockRejectedValue(new Error('away')),
    };
    const submission = new Submission(api, () => Promise.reject(new Error('lost')));
    await expect(submission.send(photo, objects, options, () => {}, signal)).rejects.toThrow('lost');
    expect(api.deleteJob).toHaveBeenCalledWith('j1');
  });
});
