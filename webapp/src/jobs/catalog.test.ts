import { describe, expect, it } from 'vitest';
import type { JobState, JobSummary } from '../api.ts';
import { Catalog } from './catalog.ts';
import { progressInWords } from './JobCard.ts';

const job = (jobId: string, state: JobState = 'succeeded'): JobSummary => ({
  jobId,
  createdAt: '2025-01-01T00:00:00Z',
  state,
  name: jobId,
  objects: { total: 2, succeeded: state === 'succeeded' ? 2 : 0, failed: 0 },
});
const page = (ids: string[], nextCursor: string | null = null) => ({
  jobs: ids.map((id) => job(id)),
  nextCursor,
});
const ids = (catalog: Catalog) => catalog.jobs.map((one) => one.jobId);

describe('Catalog', () => {
  it('keeps jobs newest first, whatever comes first', () => {
    const catalog = new Catalog();
    catalog.merge(page(['d', 'e']), 'c');
    catalog.merge(page(['a', 'b', 'c'], 'c'));
    expect(ids(catalog)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('keeps a job that a new one pushed off the first page', () => {
    const catalog = new Catalog();
    catalog.merge(page(['b', 'c'], 'c'));
    catalog.merge(page(['d', 'e']), 'c');
    catalog.merge(page(['a', 'b'], 'b'));
    expect(ids(catalog)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('drops a job that was deleted elsewhere', () => {
    const catalog = new Catalog();
    catalog.merge(page(['a', 'b', 'c'], 'c'));
    catalog.merge(page(['d', 'e']), 'c');
    catalog.merge(page(['a', 'c', 'd'], 'd'));
    expect(ids(catalog)).toEqual(['a', 'c', 'd', 'e']);
    catalog.merge(page([]));
    expect(ids(catalog)).toEqual([]);
  });

  it('does not bring a deleted job back from a page that was on its way', () => {
    const catalog = new Catalog();
    catalog.merge(page(['a', 'b']));
    catalog.remove('a');
    catalog.merge(page(['a', 'b']));
    expect(ids(catalog)).toEqual(['b']);
  });

  it('tells a change from the same again with new links', () => {
    const catalog = new Catalog();
    const working = { ...job('a', 'processing'), preview: 'http://x/1?sign=1' };
    expect(catalog.merge({ jobs: [working], nextCursor: null })).toBe(true);
    expect(catalog.hasUnfinished).toBe(true);
    expect(catalog.merge({ jobs: [{ ...working, preview: 'http://x/1?sign=2' }], nextCursor: null })).toBe(
      false,
    );
    expect(catalog.merge({ jobs: [job('a')], nextCursor: null })).toBe(true);
    expect(catalog.hasUnfinished).toBe(false);
  });
});

describe('progressInWords', () => {
  const said = (state: JobState, total: number, succeeded: number, failed: number) =>
    progressInWords({ ...job('a', state), objects: { total, succeeded, failed } });
  it('says what a job has come to', () => {
    expect(said('uploading', 0, 0, 0)).toBe('Waiting for the photo');
    expect(said('processing', 2, 1, 0)).toBe('1 of 2 meshes');
    expect(said('succeeded', 1, 1, 0)).toBe('1 mesh');
    expect(said('partial', 3, 2, 1)).toBe('2 of 3 meshes, 1 failed');
    expect(said('failed', 1, 0, 1)).toBe('No mesh');
    expect(said('failed', 0, 0, 0)).toBe('');
  });
});
