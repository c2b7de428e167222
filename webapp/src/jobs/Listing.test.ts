import { describe, expect, it, vi } from 'vitest';
import type { JobState, JobSummary } from '../api.ts';
import { Listing, type ReadPage } from './Listing.ts';
import { progressInWords, reasonInWords } from './words.ts';

const job = (jobId: string, state: JobState = 'succeeded', more: Partial<JobSummary> = {}): JobSummary => ({
  jobId,
  createdAt: '2025-01-01T00:00:00Z',
  state,
  name: jobId,
  objects: { total: 2, succeeded: state === 'succeeded' ? 2 : 0, failed: 0 },
  ...more,
});

/** A service with these jobs, newest first, three to a page. */
class Service {
  readonly asked: (string | null)[] = [];
  constructor(public jobs: JobSummary[]) {}
  static of(ids: string): Service {
    return new Service([...ids].map((id) => job(id)));
  }
  readonly read: ReadPage = (cursor) => {
    this.asked.push(cursor);
    const rest = this.jobs.filter(({ jobId }) => cursor === null || jobId > cursor);
    const jobs = rest.slice(0, 3);
    return Promise.resolve({ jobs, nextCursor: rest.length > 3 ? (jobs.at(-1)?.jobId ?? null) : null });
  };
  /** Returns the cursors requested since the last call. */
  news(): (string | null)[] {
    return this.asked.splice(0);
  }
}

const ids = (listing: Listing) => listing.jobs.map(({ jobId }) => jobId).join('');

describe('Listing', () => {
  it('reads page after page, and later only the first one while all jobs are finished', async () => {
    const service = Service.of('bcdefghi');
    const listing = new Listing();
    expect(listing.isRead).toBe(false);
    expect(await listing.refresh(service.read)).toBe(true);
    expect([ids(listing), listing.hasMore, listing.isRead]).toEqual(['bcd', true, true]);
    expect(await listing.more(service.read)).toBe(3);
    expect(await listing.more(service.read)).toBe(2);
    expect([ids(listing), listing.hasMore]).toEqual(['bcdefghi', false]);
    expect(await listing.more(service.read)).toBe(0);
    expect(service.news()).toEqual([null, 'd', 'g']);
    const before = listing.jobs;
    expect(await listing.refresh(service.read)).toBe(false);
    expect(service.news()).toEqual([null]);
    expect(listing.jobs).toBe(before);
  });

  it('keeps the object of a job that has not changed', async () => {
    const service = new Service([job('b'), job('c', 'processing'), job('d')]);
    const listing = new Listing();
    await listing.refresh(service.read);
    const [b, c, d] = listing.jobs;
    service.jobs = [job('b'), job('c'), job('d')];
    expect(await listing.refresh(service.read)).toBe(true);
    expect([listing.jobs[0] === b, listing.jobs[1] === c, listing.jobs[2] === d]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('puts new jobs first and reads no other page for them', async () => {
    const service = Service.of('defghi');
    const listing = new Listing();
    await listing.refresh(service.read);
    await listing.more(service.read);
    service.jobs = Service.of('cdefghi').jobs;
    service.news();
    expect(await listing.refresh(service.read)).toBe(true);
    expect([ids(listing), service.news()]).toEqual(['cdefghi', [null]]);
  });

  it('has no gap and no duplicate after more new jobs than fit a page', async () => {
    const service = Service.of('ghijkl');
    const listing = new Listing();
    await listing.refresh(service.read);
    service.jobs = Service.of('bcdefghijkl').jobs;
    service.news();
    expect(await listing.refresh(service.read)).toBe(true);
    expect([ids(listing), listing.hasMore, service.news()]).toEqual(['bcdefghi', true, [null, 'd']]);
    await listing.more(service.read);
    expect([ids(listing), listing.hasMore]).toEqual(['bcdefghijkl', false]);
  });

  it('follows an unfinished job beyond the first page', async () => {
    const service = new Service(
      [...'bcdefghij'].map((id) => job(id, id === 'h' ? 'processing' : 'succeeded')),
    );
    const listing = new Listing();
    await listing.refresh(service.read);
    await listing.more(service.read);
    await listing.more(service.read);
    expect(listing.hasUnfinished).toBe(true);
    service.jobs = Service.of('bcdefghij').jobs;
    service.news();
    await listing.refresh(service.read, () => false);
    expect([service.news(), listing.hasUnfinished]).toEqual([[null, 'g'], false]);
  });

  it('drops jobs that were deleted elsewhere, down to none', async () => {
    const service = Service.of('abcdefg');
    const listing = new Listing();
    await listing.refresh(service.read);
    await listing.more(service.read);
    service.jobs = Service.of('acdefg').jobs;
    await listing.refresh(service.read);
    expect([ids(listing), listing.hasMore]).toEqual(['acdef', true]);
    service.jobs = [];
    await listing.refresh(service.read);
    expect([ids(listing), listing.hasMore, listing.isRead]).toEqual(['', false, true]);
  });

  it('reads finished jobs in view again after a while, and no others', async () => {
    vi.useFakeTimers();
    const service = Service.of('abcdefghi');
    const listing = new Listing();
    await listing.refresh(service.read);
    await listing.more(service.read);
    await listing.more(service.read);
    service.jobs = Service.of('abcdeghi').jobs;
    service.news();
    vi.advanceTimersByTime(60_000);
    expect(listing.needsReading(['f'])).toBe(false);
    vi.advanceTimersByTime(5 * 60_000);
    expect([listing.needsReading(['f']), listing.needsReading([])]).toEqual([true, false]);
    await listing.refresh(service.read, (id) => id === 'f');
    expect([ids(listing), service.news()]).toEqual(['abcdeghi', [null, 'e']]);
    vi.useRealTimers();
  });

  it('does not show a removed job from a page requested before, and shows it again when restored', async () => {
    const service = Service.of('ab');
    const listing = new Listing();
    await listing.refresh(service.read);
    listing.remove('a');
    await listing.refresh(service.read);
    expect(ids(listing)).toBe('b');
    listing.restore('a');
    expect(ids(listing)).toBe('ab');
  });

  it('reads a page again whose links expire soon, and does not count new links as a change', async () => {
    const signed = (preview: string) =>
      new Service(
        [...'abcdef'].map((id) => job(id, 'succeeded', { preview: `${preview}&X-Amz-Expires=900` })),
      );
    vi.useFakeTimers();
    const listing = new Listing();
    await listing.refresh(signed('http://x/1?sign=1').read);
    await listing.more(signed('http://x/1?sign=1').read);
    vi.advanceTimersByTime(3 * 60_000);
    const service = signed('http://x/1?sign=2');
    await listing.refresh(service.read);
    expect(service.news()).toEqual([null]);
    vi.advanceTimersByTime(2 * 60_000);
    expect(await listing.refresh(service.read)).toBe(false);
    expect(service.news()).toEqual([null, 'c']);
    expect(listing.jobs.every(({ preview }) => preview?.includes('sign=2'))).toBe(true);
    vi.useRealTimers();
  });

  it('clears the list when the session ends', async () => {
    const listing = new Listing();
    await listing.refresh(Service.of('abcdef').read);
    listing.search = { words: 'cup', states: 'failed' };
    listing.clear();
    expect([ids(listing), listing.hasMore, listing.isRead, listing.search.words]).toEqual([
      '',
      false,
      false,
      '',
    ]);
  });
});

it('says why a failed job failed, and nothing about other jobs', () => {
  expect(reasonInWords(job('a', 'partial'))).toBe('');
  expect(reasonInWords(job('a', 'failed', { error: { code: 'x', message: 'Too slow.' } }))).toBe('Too slow.');
  expect(reasonInWords(job('a', 'failed'))).toContain('different reasons');
});

describe('progressInWords', () => {
  const said = (state: JobState, total: number, succeeded: number, failed: number) =>
    progressInWords({ ...job('a', state), objects: { total, succeeded, failed } });
  it('describes the progress of a job', () => {
    expect(said('uploading', 0, 0, 0)).toBe('Waiting for the photo');
    expect(said('processing', 2, 1, 0)).toBe('1 of 2 meshes');
    expect(said('succeeded', 1, 1, 0)).toBe('1 mesh');
    expect(said('partial', 3, 2, 1)).toBe('2 of 3 meshes, 1 failed');
    expect(said('failed', 1, 0, 1)).toBe('No mesh');
    expect(said('failed', 0, 0, 0)).toBe('');
  });
});
