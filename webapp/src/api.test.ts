import { describe, expect, it, vi } from 'vitest';
import { Api, ApiError, type TokenSource } from './api.ts';

const session = (renewed: string | null = 'new'): TokenSource => ({
  token: () => Promise.resolve('old'),
  renew: vi.fn().mockResolvedValue(renewed),
});

const answer = (status: number, body: unknown = null): Response =>
  new Response(status === 204 ? null : typeof body === 'string' ? body : JSON.stringify(body), { status });

function client(...answers: (Response | Error)[]) {
  const fetcher = vi.fn<typeof fetch>();
  for (const one of answers) {
    if (one instanceof Response) fetcher.mockResolvedValueOnce(one);
    else fetcher.mockRejectedValueOnce(one);
  }
  return {
    fetcher,
    call: (i: number) => fetcher.mock.calls[i] as [string, RequestInit & { headers: Record<string, string> }],
  };
}

describe('Api', () => {
  it('sends the token and the cursor', async () => {
    const { fetcher, call } = client(answer(200, { jobs: [], nextCursor: null }));
    await new Api('/api', session(), fetcher).listJobs({ cursor: 'a b', limit: 24 });
    expect(call(0)[0]).toBe('/api/jobs?cursor=a+b&limit=24');
    expect(call(0)[1].headers.Authorization).toBe('Bearer old');
  });

  it('sends a new job as JSON', async () => {
    const { fetcher, call } = client(answer(201, { jobId: 'j' }));
    const request = { name: 'a', contentType: 'image/png', bytes: 5 };
    await new Api('/api', session(), fetcher).createJob(request);
    expect(call(0)[1].method).toBe('POST');
    expect(JSON.parse(call(0)[1].body as string)).toEqual(request);
  });

  it('starts a job, and tells why it cannot be started', async () => {
    const gone = { code: 'photo_gone', detail: 'The photo was deleted.' };
    const { fetcher, call } = client(answer(204), answer(409, gone));
    const api = new Api('/api', session(), fetcher);
    await api.startJob('j');
    expect([call(0)[0], call(0)[1].method]).toEqual(['/api/jobs/j/start', 'POST']);
    await expect(api.startJob('j')).rejects.toMatchObject({ code: 'photo_gone', status: 409 });
  });

  it('renews a refused token once and tries again', async () => {
    const { fetcher, call } = client(answer(401), answer(200, { jobs: [] }));
    await new Api('/api', session(), fetcher).listJobs({});
    expect(call(1)[1].headers.Authorization).toBe('Bearer new');
  });

  it('reports the end of the session when it cannot be renewed', async () => {
    const { fetcher } = client(answer(401));
    await expect(new Api('/api', session(null), fetcher).getJob('j')).rejects.toMatchObject({
      kind: 'session',
      status: 401,
    });
    expect(fetcher).toHaveBeenCalledTimes(1);
    const signedOut: TokenSource = { token: () => Promise.resolve(null), renew: () => Promise.resolve(null) };
    await expect(new Api('/api', signedOut, fetcher).getJob('j')).rejects.toMatchObject({ kind: 'session' });
    expect(fetcher).toHaveBeenCalledTimes(1);
  });

  it('takes the message of a problem document', async () => {
    const problem = {
      type: 'about:blank',
      title: 'Too many jobs',
      status: 429,
      detail: '20 jobs are unfinished; wait for one to end.',
      code: 'too_many_unfinished_jobs',
      errors: [{ field: 'objects[0].box', message: 'outside' }],
    };
    const { fetcher } = client(answer(429, problem));
    const error = await new Api('/api', session(), fetcher)
      .createJob({ name: '', contentType: '', bytes: 1 })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      kind: 'refused',
      code: problem.code,
      message: problem.detail,
      fields: problem.errors,
    });
  });

  it('takes the messages of several errors, which the detail only counts', async () => {
    const problem = {
      detail: '2 fields cannot be used; see errors for each.',
      errors: [
        { field: 'objects[0].box', message: 'Box 1 is too small.' },
        { field: 'objects[1].box', message: 'Box 2 is too small.' },
      ],
    };
    const { fetcher } = client(answer(422, problem));
    await expect(new Api('/api', session(), fetcher).getJob('j')).rejects.toMatchObject({
      message: 'Box 1 is too small. Box 2 is too small.',
    });
  });

  it('takes from a refusal when to try again, if it says so in seconds', async () => {
    const refusal = (value: string) => new Response('{}', { status: 429, headers: { 'Retry-After': value } });
    const { fetcher } = client(refusal('42'), refusal('Mon, 30 Nov 2026 08:00:00 GMT'), answer(429, {}));
    const api = new Api('/api', session(), fetcher);
    for (const retryAfter of [42_000, 0, 0])
      await expect(api.getJob('j')).rejects.toMatchObject({ retryAfter });
  });

  it('has a message for a response that is not a problem document', async () => {
    const { fetcher } = client(answer(502, '<html>bad gateway'), answer(404, 'x'), answer(200, 'not json'));
    const api = new Api('/api', session(), fetcher);
    await expect(api.getJob('j')).rejects.toMatchObject({
      kind: 'fault',
      message: expect.stringContaining('Try again'),
    });
    await expect(api.getJob('j')).rejects.toMatchObject({ kind: 'refused', status: 404 });
    await expect(api.getJob('j')).rejects.toMatchObject({ kind: 'fault' });
  });

  it('distinguishes a lost connection from an aborted call', async () => {
    const { fetcher } = client(new TypeError('Failed to fetch'), new DOMException('', 'AbortError'));
    const api = new Api('/api', session(), fetcher);
    await expect(api.getJob('j')).rejects.toMatchObject({ kind: 'network' });
    await expect(api.getJob('j')).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('asks for the start of the GPU without a body', async () => {
    const { fetcher, call } = client(answer(202, { state: 'starting' }), answer(429, { detail: 'Wait.' }));
    const api = new Api('/api', session(), fetcher);
    await api.wake();
    expect(call(0)[0]).toBe('/api/wake');
    expect(call(0)[1]).toMatchObject({ method: 'POST' });
    expect(call(0)[1].body).toBeUndefined();
    await expect(api.wake()).rejects.toMatchObject({ status: 429 });
  });

  it('counts a missing job as deleted', async () => {
    const { fetcher } = client(answer(204), answer(404, {}), answer(403, {}));
    const api = new Api('/api', session(), fetcher);
    await api.deleteJob('j');
    await api.deleteJob('j');
    await expect(api.deleteJob('j')).rejects.toMatchObject({ status: 403 });
  });
});
