import { randomBytes } from 'node:crypto';
import type { Scene, Waiting } from '../../src/api.ts';
import { type Colors, ringGlb } from './glb.ts';
import { ringPly, ringSpz } from './splat.ts';

/** In milliseconds. */
export const minute = 60_000;

/** What the stand-in stores of a job; its state follows from the time. */
export interface StoredJob {
  jobId: string;
  createdAt: number;
  name: string;
  width: number;
  height: number;
  bytes: number;
  contentType: string;
  objects: {
    label?: string;
    box: number[] | null;
    fails?: string;
    formats?: string[];
    checkMask?: boolean;
  }[];
  seed: number;
  quality: string;
  faces?: number | undefined;
  /**
   * When the photo arrived; 0 before. A job whose photo does not arrive within 20 minutes has
   * failed.
   */
  uploadedAt: number;
  photo: Buffer;
  /** Why the photo was refused, so that no object of it began, and whether it is a picture. */
  refused?: { code: string; message: string; isPicture: boolean };
  /** Keeps a job whose photo has arrived queued. */
  waiting?: Waiting | undefined;
  /** Where the colors of mesh.glb are; a textured one comes with mesh-dense.glb, whose vertices have them. */
  colors: Colors;
  /** The scene of the job once it is finished. */
  scene?: { state: Scene['state']; message?: string; formats: string[]; unplaced?: number[] };
}

type Link = (path: string) => string;

/** The API's document of a job. `link` signs the path of a file in the bucket. */
export function jobDocument(job: StoredJob, pace: number, link: Link) {
  const expired = job.uploadedAt === 0 && Date.now() > job.createdAt + 20 * minute;
  const objects = job.objects.map((object, at) => {
    const index = at + 1;
    const base = { index, label: object.label ?? '', box: object.box, files: [] as unknown[] };
    const step =
      job.uploadedAt === 0 || job.waiting
        ? -1
        : Math.floor((Date.now() - job.uploadedAt - at * pace) / pace) - 1;
    const stages = ['fetch', 'mask', 'reconstruct', 'export'];
    if (expired) return { ...base, state: 'failed', error: uploadExpired };
    if (job.refused) {
      const { code, message } = job.refused;
      return { ...base, state: 'failed', error: { code, message } };
    }
    if (step < 0) return { ...base, state: 'queued' };
    const startedAt = new Date(job.uploadedAt + (at + 1) * pace).toISOString();
    if (step < stages.length)
      return { ...base, state: 'processing', stage: stages[step], startedAt, backend: 'relief' };
    if (object.fails)
      return {
        ...base,
        state: 'failed',
        backend: 'relief',
        error: { code: 'object_not_found', message: object.fails },
      };
    const file = (format: string, name: string) => ({
      format,
      name,
      bytes: contentOf(job, name).length,
      url: link(`${job.jobId}/${index}/${name}`),
    });
    const viewed = (format: string, name: string) => ({
      ...file(format, name),
      viewUrl: `${link(`${job.jobId}/${index}/${name}`)}&inline`,
    });
    return {
      ...base,
      state: 'succeeded',
      files: [
        viewed('glb', 'mesh.glb'),
        ...(job.colors === 'texture' ? [file('glb-dense', 'mesh-dense.glb')] : []),
        file('ply', 'mesh.ply'),
        viewed('splat', 'splat.ply'),
        viewed('spz', 'splat.spz'),
      ].filter((each) => object.formats?.includes(each.format) ?? true),
      mask: {
        source: 'segmenter',
        share: 0.7,
        score: 0.9,
        check: object.checkMask ?? false,
        url: link(`${job.jobId}/${index}/mask`),
      },
      preview: link(`${job.jobId}/${index}/preview`),
      mesh: {
        vertices: 11_520,
        faces: 23_036,
        bounds: [
          [-0.5, -0.5, -0.16],
          [0.5, 0.5, 0.16],
        ],
      },
      backend: 'relief',
      timing: { fetch: 12, mask: 86, reconstruct: 321, export: 44, total: 463 },
      cost: { usd: 0, seconds: 0.5, instanceType: 'local' },
    };
  });
  const states = objects.map((object) => object.state);
  const state = expired ? 'failed' : stateOf(job, states);
  const reasons = new Set(objects.map((object) => JSON.stringify('error' in object && object.error)));
  return {
    jobId: job.jobId,
    createdAt: new Date(job.createdAt).toISOString(),
    state,
    ...(state === 'uploading' ? { expiresAt: new Date(job.createdAt + 20 * minute).toISOString() } : {}),
    ...(state === 'queued' && job.waiting ? { waiting: job.waiting } : {}),
    // If all failed for the same reason.
    ...(state === 'failed' && reasons.size === 1 ? { error: JSON.parse([...reasons][0] ?? '') } : {}),
    source: job.uploadedAt
      ? {
          name: job.name,
          width: job.width,
          height: job.height,
          bytes: job.bytes,
          contentType: job.contentType,
          url: link(`${job.jobId}/photo`),
          // There once the first object has begun.
          ...(['uploading', 'queued'].includes(state) || job.refused
            ? {}
            : { thumbnail: link(`${job.jobId}/thumbnail`) }),
        }
      : {
          name: job.name,
          width: job.width,
          height: job.height,
          bytes: job.bytes,
          contentType: job.contentType,
        },
    options: {
      seed: job.seed,
      formats: ['glb', 'ply', 'splat', 'spz'],
      quality: job.quality,
      ...(job.faces ? { faces: job.faces } : {}),
    },
    objects,
    ...(job.scene && ['succeeded', 'partial'].includes(state)
      ? { scene: sceneDocument(job, job.scene, link) }
      : {}),
  };
}

const contents = new Map<string, Buffer>();

/** The content of an object's or the scene's file that is no picture. Lists ask for its length often. */
export function contentOf(job: StoredJob, name: string): Buffer {
  const key = `${job.colors} ${name}`;
  const content = contents.get(key) ?? newContent(job, name);
  contents.set(key, content);
  return content;
}

function newContent(job: StoredJob, name: string): Buffer {
  if (name === 'mesh.glb') return ringGlb(job.colors);
  if (name.endsWith('.spz')) return ringSpz();
  if (name === 'splat.ply' || name === 'scene.ply') return ringPly();
  return name.endsWith('.glb') ? ringGlb() : Buffer.from(`content of ${name}\n`.repeat(2000));
}

function sceneDocument(job: StoredJob, scene: NonNullable<StoredJob['scene']>, link: Link): unknown {
  const files = { glb: 'scene.glb', splat: 'scene.ply' };
  return {
    state: scene.state,
    ...(scene.message ? { error: { code: 'scene_failed', message: scene.message } } : {}),
    files: Object.entries(files)
      .filter(([format]) => scene.formats.includes(format))
      .map(([format, name]) => ({
        format,
        name,
        bytes: contentOf(job, name).length,
        url: link(`${job.jobId}/${name}`),
        viewUrl: `${link(`${job.jobId}/${name}`)}&inline`,
      })),
    objects: job.objects.map((_, at) => at + 1),
    unplaced: scene.unplaced ?? [],
  };
}

/** The API's document of a job in a list. */
export function summaryOf(job: StoredJob, pace: number, link: Link): unknown {
  const { state, error, source, objects } = jobDocument(job, pace, link) as {
    state: string;
    error?: unknown;
    source: { url?: string; thumbnail?: string };
    objects: { state: string; preview?: string }[];
  };
  const labels = [...new Set(job.objects.map(({ label }) => label ?? '').filter((label) => label !== ''))];
  const count = (wanted: string): number => objects.filter((object) => object.state === wanted).length;
  return {
    jobId: job.jobId,
    createdAt: new Date(job.createdAt).toISOString(),
    state,
    error,
    name: job.name,
    ...(labels.length > 0 ? { labels } : {}),
    objects: { total: objects.length, succeeded: count('succeeded'), failed: count('failed') },
    preview: objects.find((object) => object.preview)?.preview,
    photo: source.thumbnail ?? (job.refused?.isPicture ? source.url : undefined),
  };
}

const uploadExpired = {
  code: 'upload_expired',
  message: 'The photo did not arrive in time; send it again.',
};

function stateOf(job: StoredJob, states: string[]): string {
  const all = (state: string): boolean => states.every((one) => one === state);
  if (job.uploadedAt === 0) return 'uploading';
  if (all('queued')) return 'queued';
  if (all('succeeded')) return 'succeeded';
  if (all('failed')) return 'failed';
  return states.every((state) => state === 'succeeded' || state === 'failed') ? 'partial' : 'processing';
}

/** Returns a job id like the service's: 10 characters that fall over time, then 16 random ones. */
export function newJobId(now: number): string {
  const digits = '0123456789abcdefghjkmnpqrstvwxyz';
  let left = 2 ** 48 - 1 - now;
  let id = '';
  for (let i = 0; i < 10; i += 1) {
    id = digits[left % 32] + id;
    left = Math.floor(left / 32);
  }
  return id + [...randomBytes(16)].map((byte) => digits[byte % 32]).join('');
}
