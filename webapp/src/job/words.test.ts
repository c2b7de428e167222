import { describe, expect, it } from 'vitest';
import type { Job, JobObject, JobState, ObjectState } from '../api.ts';
import { clockTime } from '../format.ts';
import {
  backendInWords,
  changesBetween,
  hasMoved,
  jobInWords,
  leftOutInWords,
  maskAdvice,
  optionsInWords,
  stageShare,
} from './words.ts';

const object = (index: number, state: ObjectState, label = ''): JobObject => ({
  index,
  label,
  box: null,
  state,
  files: [],
});
const job = (state: JobState, ...objects: JobObject[]): Job => ({
  jobId: 'j',
  createdAt: '',
  state,
  objects,
});

it('names the quality, the triangles that were asked for, and the seed', () => {
  const options = { seed: 7, formats: ['glb'], quality: 'high' };
  expect(optionsInWords(options)).toBe(', high quality, seed 7');
  expect(optionsInWords({ ...options, faces: 20_000 })).toBe(', high quality, 20,000 triangles, seed 7');
});

describe('changesBetween', () => {
  it('is empty at first and when nothing changed', () => {
    const working = job('processing', object(1, 'processing'));
    expect(changesBetween(null, working)).toBe('');
    expect(changesBetween(working, working)).toBe('');
  });

  it('names what became ready or failed, and the final state', () => {
    const before = job(
      'processing',
      object(1, 'processing', 'cup'),
      object(2, 'processing'),
      object(3, 'queued'),
    );
    const after = job('partial', object(1, 'succeeded', 'cup'), object(2, 'succeeded'), object(3, 'failed'));
    expect(changesBetween(before, after)).toBe(
      'cup and Object 2 are ready. Object 3 failed. 2 meshes are ready; 1 object failed.',
    );
  });
});

describe('hasMoved', () => {
  const waits = (reason: 'instance' | 'jobs', objectsAhead: number): Job => ({
    ...job('queued', object(1, 'queued')),
    waiting: { reason, objectsAhead },
  });

  it('counts a new state, stage or reason, but no shorter queue', () => {
    expect(hasMoved(null, waits('jobs', 2))).toBe(false);
    expect(hasMoved(waits('jobs', 2), waits('jobs', 1))).toBe(false);
    expect(hasMoved(waits('instance', 2), waits('jobs', 2))).toBe(true);
    const working = job('processing', object(1, 'processing'));
    expect(hasMoved(waits('jobs', 0), working)).toBe(true);
    expect(hasMoved(working, job('processing', { ...object(1, 'processing'), stage: 'mask' }))).toBe(true);
    expect(hasMoved(working, working)).toBe(false);
  });
});

it('counts a scene that follows the last object as progress', () => {
  const finished = job('succeeded', object(1, 'succeeded'), object(2, 'succeeded'));
  const scene = { state: 'making', files: [], objects: [], unplaced: [] } as const;
  const making: Job = { ...finished, scene };
  expect(hasMoved(making, making)).toBe(false);
  expect(hasMoved(making, { ...finished, scene: { ...scene, state: 'succeeded' } })).toBe(true);
});

it('names the objects that a scene lacks', () => {
  const of = job('succeeded', object(1, 'succeeded', 'cup'), object(2, 'succeeded'), object(3, 'succeeded'));
  expect(leftOutInWords(of, [1])).toBe('cup is not in the scene: the model found no place for it.');
  expect(leftOutInWords(of, [1, 3])).toBe(
    'cup and Object 3 are not in the scene: the model found no place for them.',
  );
});

it('uses the given sentence for a new state', () => {
  const before = job('uploading', object(1, 'queued'));
  const after = job('queued', object(1, 'queued'));
  expect(changesBetween(before, after, 'The GPU is starting.')).toBe('The GPU is starting.');
});

it('describes the state of a job', () => {
  expect(jobInWords(job('queued', object(1, 'queued')))).toBe(
    'The photo has arrived. 1 object is waiting in the queue.',
  );
  expect(jobInWords(job('uploading', object(1, 'queued')))).toBe(
    'The photo has not arrived yet. If you closed the page that was sending it, send the photo again.',
  );
  const until = '2026-02-03T04:05:06Z';
  expect(jobInWords({ ...job('uploading', object(1, 'queued')), expiresAt: until })).toContain(
    `send the photo again; this job expires at ${clockTime(until)}.`,
  );
  expect(jobInWords(job('succeeded', object(1, 'succeeded')))).toBe('The mesh is ready.');
  expect(jobInWords(job('failed', object(1, 'failed')))).toBe('No mesh could be made.');
});

it('advises to check a mask that may be wrong', () => {
  const mask = { source: 'segmenter', share: 0.5, score: 0.6, check: true } as const;
  expect(maskAdvice({ ...object(1, 'succeeded'), mask })).toContain('Check the mask');
  expect(maskAdvice({ ...object(1, 'succeeded'), mask: { ...mask, check: false } })).toBe('');
  expect(maskAdvice(object(1, 'succeeded'))).toBe('');
});

it('never presents relief as SAM 3D', () => {
  expect(backendInWords('relief')).toBe('CPU preview, not SAM 3D');
  expect(backendInWords('sam3d')).toBe('SAM 3D Objects');
});

it('advances the progress bar stage by stage', () => {
  const shares = [undefined, 'fetch', 'mask', 'reconstruct', 'export'].map(stageShare);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(new Set(shares).size).toBe(5);
});
