import { expect, it } from 'vitest';
import type { Job, JobObject, ObjectState, ResultFile } from '../api.ts';
import { factsOf } from './facts.ts';
import { firstKey, itemsOf } from './items.ts';
import { looksOf, sourceOf } from './sources.ts';

const object = (index: number, state: ObjectState): JobObject => ({ index, box: null, state, files: [] });
const job = (objects: JobObject[], more: Partial<Job> = {}): Job => ({
  jobId: 'j',
  createdAt: '',
  state: 'processing',
  objects,
  ...more,
});
const file = (format: ResultFile['format'], viewUrl?: string): ResultFile => ({
  format,
  name: format,
  bytes: 1,
  url: `https://bucket/${format}`,
  ...(viewUrl ? { viewUrl } : {}),
});

it('lists the photo, the scene and the objects, of what a job has', () => {
  const source = { name: 'a.jpg', width: 1, height: 1, bytes: 1, contentType: 'image/jpeg' };
  const scene = { state: 'making', files: [], objects: [], unplaced: [] } as const;
  const objects = [object(1, 'queued'), object(2, 'failed')];
  expect(itemsOf(job(objects, { source, scene })).map(({ key }) => key)).toEqual([
    'photo',
    'scene',
    'object-1',
    'object-2',
  ]);
  expect(itemsOf(job(objects)).map(({ key }) => key)).toEqual(['object-1', 'object-2']);
});

it('opens with the first mesh, else with the first object, else with the photo', () => {
  expect(firstKey(job([object(1, 'failed'), object(2, 'succeeded')]))).toBe('object-2');
  expect(firstKey(job([object(1, 'failed'), object(2, 'queued')]))).toBe('object-1');
  expect(firstKey(job([]))).toBe('photo');
});

it('shows a splat from the smaller file, and nothing from a file without a link to view it', () => {
  const files = [file('glb', 'glb?view'), file('ply'), file('splat', 'ply?view'), file('spz', 'spz?view')];
  expect(sourceOf(files, 'clay')).toEqual({ format: 'glb', url: 'glb?view' });
  expect(sourceOf(files, 'splat')).toEqual({ format: 'spz', url: 'spz?view' });
  expect(sourceOf(files.slice(0, 3), 'splat')).toEqual({ format: 'splat', url: 'ply?view' });
  expect(looksOf(files)).toEqual(['textured', 'clay', 'wireframe', 'splat']);
  expect(looksOf([file('spz', 'spz?view')])).toEqual(['splat']);
  expect(looksOf([file('glb'), file('splat')])).toEqual([]);
});

it('knows the facts of an object, its stages in order', () => {
  const made: JobObject = {
    ...object(1, 'succeeded'),
    backend: 'relief',
    mesh: { vertices: 11_520, faces: 23_036 },
    timing: { export: 44, fetch: 12, mask: 86, reconstruct: 1321, total: 1463 },
    cost: { usd: 0.0123, seconds: 1.5, instanceType: 'ml.g6e.xlarge' },
  };
  const [item] = itemsOf(job([made]));
  if (!item) throw new Error('no item');
  expect(factsOf(item, job([made])).map(({ term, value }) => `${term}: ${value}`)).toEqual([
    'Vertices: 11,520',
    'Triangles: 23,036',
    'Time: 1.5 s',
    'Cost: $0.0123',
    'Made by: CPU preview, not SAM 3D',
    'Computed on: ml.g6e.xlarge',
    'Stages: fetch 12 ms · mask 86 ms · reconstruct 1.3 s · export 44 ms',
  ]);
  expect(
    factsOf({ kind: 'object', key: 'object-2', title: 'x', object: object(2, 'queued') }, job([])),
  ).toEqual([]);
});
