import { type Api, ApiError, isAbort, type Job, type JobObject, unreachable } from '../api.ts';
import { fromTuple, type Size } from '../boxes/geometry.ts';
import type { Limits } from '../config.ts';
import { formatInfo } from '../formats.ts';
import type { Mask } from '../masks/Mask.ts';
import type { Point } from '../masks/Point.ts';
import { qualityInfo } from '../qualities.ts';
import { texts } from '../texts/texts.ts';
import { checkFile, type Photo } from './check.ts';
import type { Marks } from './drafts.ts';
import type { OptionsDraft } from './options.ts';

const words = texts.upload.again;

/** An earlier job as it was submitted, with the masks that the model used. */
export interface Submitted extends Marks {
  readonly photo: Photo;
}

/** Reads earlier jobs, to submit their photos again. */
export class Earlier {
  constructor(
    private readonly api: Pick<Api, 'getJob'>,
    private readonly limits: Limits,
    private readonly fetcher: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  /**
   * Returns a job's photo with what was marked on it, or with one object only. Rejects with an
   * ApiError, whose kind is "refused" if a retry is useless.
   */
  async read(jobId: string, object: number | undefined, signal: AbortSignal): Promise<Submitted> {
    const job = await this.api.getJob(jobId, signal);
    const photo = await this.#photo(job, signal);
    const objects = job.objects.filter(({ index }) => object === undefined || index === object);
    if (objects.length === 0) throw new ApiError('refused', words.noObject(object ?? 0));
    const boxes: Marks['boxes'][number][] = [];
    for (const one of objects) {
      if (isWhole(one, job)) continue;
      const mask = await this.#mask(one, photo, signal);
      const box = (one.box && fromTuple(one.box)) ?? { x0: 0, y0: 0, x1: photo.width, y1: photo.height };
      boxes.push({ box, label: one.label ?? '', points: pointsOf(one), painting: null, mask });
    }
    return { photo, boxes, selected: -1, options: optionsOf(job) };
  }

  async #photo({ jobId, source }: Job, signal: AbortSignal): Promise<Photo> {
    if (!source?.url) throw new ApiError('refused', words.noPhoto);
    const file = await this.#file(source.url, signal);
    if (!file) throw new ApiError('refused', words.photoGone);
    const checked = await checkFile(file, source.name, this.limits);
    if ('problem' in checked) throw new ApiError('refused', checked.problem);
    return { ...checked.photo, from: jobId };
  }

  /** The mask that the model used, or else the one that was given; null if there is neither. */
  async #mask(
    { index, mask, givenMaskUrl }: JobObject,
    size: Size,
    signal: AbortSignal,
  ): Promise<Mask | null> {
    for (const url of [mask?.url, givenMaskUrl]) {
      const file = url && (await this.#file(url, signal));
      if (!file) continue;
      const { maskFromPng } = await import('../masks/tools.ts').catch(() => Promise.reject(unreachable()));
      return { ...(await maskFromPng(file, size)), copyOf: index };
    }
    return null;
  }

  /** Returns a file of the storage; null if it is no longer there. */
  async #file(url: string, signal: AbortSignal): Promise<Blob | null> {
    try {
      // The browser's cache may have the response to an image, without the headers that let a page
      // read it.
      const response = await this.fetcher(url, { signal, cache: 'no-store' });
      if (response.status === 404) return null;
      if (!response.ok) throw unreachable();
      return await response.blob();
    } catch (error) {
      if (isAbort(error) || error instanceof ApiError) throw error;
      throw unreachable();
    }
  }
}

/** Whether the object is the whole picture, for which the page has no box. */
const isWhole = ({ box, points = [], maskGiven }: JobObject, { objects }: Job): boolean =>
  box === null && points.length === 0 && !maskGiven && objects.length === 1;

const pointsOf = ({ points = [] }: JobObject): Point[] =>
  points.map(([x = 0, y = 0, isInside]) => ({ x, y, isInside: isInside === 1 }));

function optionsOf({ options }: Job): OptionsDraft | null {
  if (!options) return null;
  return {
    seed: String(options.seed),
    formats: options.formats.flatMap((name) => formatInfo(name)?.format ?? []),
    quality: qualityInfo(options.quality).quality,
    faces: options.faces ? String(options.faces) : '',
  };
}
