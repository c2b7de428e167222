/** Client of the Gen3D API: its documents as types, and every failure as an ApiError. */

import type { FileFormat } from './formats.ts';
import type { Quality } from './qualities.ts';
import { texts } from './texts/texts.ts';

export type JobState = 'uploading' | 'queued' | 'processing' | 'succeeded' | 'partial' | 'failed';
export type ObjectState = 'queued' | 'processing' | 'succeeded' | 'failed';

/** Why a job or an object failed, in words for the user. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** An object of a new job. */
export interface ObjectRequest {
  readonly label?: string;
  readonly box: readonly [number, number, number, number] | null;
  /** x and y in pixels of the picture, and 1 inside or 0 outside the object. */
  readonly points?: readonly (readonly [number, number, 0 | 1])[];
  /**
   * A mask that will be uploaded, with its exact size, or a copy of the mask of an object of the job
   * that the photo is from, by its number.
   */
  readonly mask?: { readonly bytes: number } | { readonly copy: number };
}

export interface OptionsRequest {
  readonly seed?: number;
  readonly formats?: readonly FileFormat[];
  readonly quality?: Quality;
  /** The target for the triangles of the textured mesh; absent for that of the quality. */
  readonly faces?: number;
}

/** The body of POST /api/jobs for a photo that will be uploaded. */
export interface PhotoRequest {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: number;
  /** Pixels of the picture as shown, after its orientation is applied. */
  readonly width?: number;
  readonly height?: number;
  /** Without objects, the whole picture, or its opaque part, is one object. */
  readonly objects?: readonly ObjectRequest[];
  readonly options?: OptionsRequest;
}

/** The body of POST /api/jobs for the photo of an earlier job. */
export interface EarlierRequest {
  /** Without `start`, the job starts as soon as it is created. */
  readonly from: { readonly jobId: string; readonly start?: boolean };
  /** Without a list, the objects are those of the earlier job. */
  readonly objects?: readonly ObjectRequest[];
  readonly options?: OptionsRequest;
}

export type JobRequest = PhotoRequest | EarlierRequest;

/** Where and how to send the photo: a form post, fields first, the file last. */
export interface UploadTicket {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly expiresAt: string;
}

export interface CreatedJob {
  readonly jobId: string;
  readonly state: JobState;
  /** Absent for the photo of an earlier job. */
  readonly upload?: UploadTicket;
  /** The forms for the masks, by the number of their object in the request, from 1. */
  readonly masks?: readonly MaskTicket[];
}

export interface MaskTicket {
  readonly object: number;
  readonly upload: UploadTicket;
}

/** A job in a list. Job ids sort newest first. */
export interface JobSummary {
  readonly jobId: string;
  readonly createdAt: string;
  readonly state: JobState;
  /** Why no mesh was made, if all objects failed for the same reason. */
  readonly error?: Failure;
  readonly name: string;
  /** The labels of the objects, each once; absent if there are none, and of older jobs. */
  readonly labels?: readonly string[];
  readonly objects: { readonly total: number; readonly succeeded: number; readonly failed: number };
  /** A small picture of the first mesh. */
  readonly preview?: string;
  /** A small picture of the photo, or the photo itself of a failed job without one; a job may have none. */
  readonly photo?: string;
}

export interface JobPage {
  readonly jobs: readonly JobSummary[];
  readonly nextCursor: string | null;
}

export interface ResultFile {
  readonly format: FileFormat;
  readonly name: string;
  readonly bytes: number;
  /** Presigned: it expires. For downloads; a script fetches it past the browser's cache. */
  readonly url: string;
  /**
   * Presigned, of a GLB or a splat: only for the viewer. With the download's link, the browser's cache would
   * answer the viewer with the download's response, which it may not read.
   */
  readonly viewUrl?: string;
}

/** The part of the photo that the model took for the object. */
export interface Mask {
  readonly source: 'given' | 'points' | 'segmenter' | 'alpha' | 'whole';
  /** The share of the box, or of the picture if the object has no box. */
  readonly share: number;
  /** The segmenter's estimate of the mask's quality, 0 to 1. */
  readonly score?: number;
  /** The mask may be wrong. */
  readonly check: boolean;
  /** Presigned, of a PNG of the picture's size: 255 in the object, 0 elsewhere. */
  readonly url?: string;
}

export interface JobObject {
  readonly index: number;
  readonly label?: string;
  readonly box: readonly number[] | null;
  /** As in the request. */
  readonly points?: readonly (readonly number[])[];
  /** Whether the user gave a mask. */
  readonly maskGiven?: boolean;
  /** Presigned, of the mask that the user gave; absent until the photo has arrived. */
  readonly givenMaskUrl?: string;
  readonly state: ObjectState;
  readonly stage?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly error?: Failure;
  readonly files: readonly ResultFile[];
  readonly preview?: string;
  readonly mask?: Mask;
  readonly mesh?: {
    readonly vertices: number;
    readonly faces: number;
    readonly bounds?: readonly (readonly number[])[];
  };
  readonly backend?: string;
  /** Milliseconds by stage, and "total". */
  readonly timing?: Readonly<Record<string, number>>;
  readonly cost?: { readonly usd: number; readonly seconds: number; readonly instanceType: string };
}

/** What a queued job waits for. */
export interface Waiting {
  /**
   * instance: no GPU instance serves requests yet; jobs: an instance runs, and objects of earlier
   * jobs go first.
   */
  readonly reason: 'instance' | 'jobs';
  /** Number of objects of earlier jobs. */
  readonly objectsAhead: number;
  /** Seconds from the response until the job's first object starts, if the service can tell. */
  readonly estimatedSeconds?: number;
}

export interface JobPhoto {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly contentType: string;
  readonly url?: string;
  /** A small picture of the photo; a job may have none. */
  readonly thumbnail?: string;
}

export interface Job {
  readonly jobId: string;
  readonly createdAt: string;
  readonly state: JobState;
  /** Only of a job in state queued. */
  readonly waiting?: Waiting;
  readonly error?: Failure;
  /** When a job in state uploading fails if its photo has not arrived. */
  readonly expiresAt?: string;
  readonly notifiedAt?: string;
  readonly source?: JobPhoto;
  readonly options?: {
    readonly seed: number;
    readonly formats: readonly string[];
    readonly quality: string;
    readonly faces?: number;
  };
  readonly objects: readonly JobObject[];
  /** Of a finished job of several objects. */
  readonly scene?: Scene;
}

/** The objects of a job in their places in the photo. */
export interface Scene {
  /** making: it follows the last object. failed: some files can be there. */
  readonly state: 'making' | 'succeeded' | 'failed';
  readonly error?: Failure;
  readonly files: readonly ResultFile[];
  /** Numbers of the objects in the scene, and of those made but left out. */
  readonly objects: readonly number[];
  readonly unplaced: readonly number[];
}

export const isFinished = (state: JobState): boolean =>
  state === 'succeeded' || state === 'partial' || state === 'failed';

/** A failed call. `kind` says what the user can do about it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /**
     * session: sign in again; network: no response; refused: change the request; fault: retry
     * later.
     */
    readonly kind: 'session' | 'network' | 'refused' | 'fault',
    message: string,
    /** HTTP status, 0 without a response. */
    readonly status = 0,
    /** The code of the problem document. */
    readonly code = '',
    readonly fields: readonly { readonly field: string; readonly message: string }[] = [],
    /** Milliseconds after which the service asks for the request to be repeated; 0 if it does not say. */
    readonly retryAfter = 0,
  ) {
    super(message);
  }
}

/** Whether the error only reports that the caller aborted the call. */
export const isAbort = (error: unknown): boolean =>
  error instanceof Object && 'name' in error && error.name === 'AbortError';

/**
 * Returns the error of a response that is not a success, from its problem document if it has one.
 */
export async function errorFrom(response: Response): Promise<ApiError> {
  const kind = response.status === 401 ? 'session' : response.status >= 500 ? 'fault' : 'refused';
  let problem: Record<string, unknown> = {};
  try {
    const body: unknown = await response.json();
    if (typeof body === 'object' && body !== null) problem = body as Record<string, unknown>;
  } catch {
    // Not a problem document, such as the error page of a proxy: the status decides.
  }
  const word = (name: string): string => (typeof problem[name] === 'string' ? (problem[name] as string) : '');
  const listed = Array.isArray(problem.errors) ? problem.errors : [];
  const fields = listed.flatMap((entry: unknown) => {
    const { field, message } = (entry ?? {}) as { field?: unknown; message?: unknown };
    return typeof message === 'string' ? [{ field: typeof field === 'string' ? field : '', message }] : [];
  });
  // The detail of several errors only counts them.
  const all = fields.length > 1 ? fields.map((field) => field.message).join(' ') : '';
  const message = all || word('detail') || fields[0]?.message || word('title') || messageFor(response.status);
  const seconds = Number(response.headers.get('Retry-After') ?? 0);
  const retryAfter = Number.isInteger(seconds) && seconds > 0 ? seconds * 1000 : 0;
  return new ApiError(kind, message, response.status, word('code'), fields, retryAfter);
}

function messageFor(status: number): string {
  if (status === 401) return texts.shell.sessionEnded;
  if (status === 403) return texts.shell.forbidden;
  if (status === 404) return texts.shell.noSuchJob;
  if (status === 429) return texts.shell.tooManyRequests;
  return status >= 500 ? texts.shell.serviceFault : texts.shell.refused(status);
}

/** Returns the error of a call that got no response. */
export const unreachable = (): ApiError => new ApiError('network', texts.shell.unreachable);

/** What the client needs from the session. */
export interface TokenSource {
  /** Returns the access token, or null if no user is signed in. */
  token(): Promise<string | null>;
  /** Returns a token other than the refused one, or null if the session has ended. */
  renew(refused: string): Promise<string | null>;
}

export class Api {
  constructor(
    private readonly base: string,
    private readonly session: TokenSource,
    private readonly fetcher: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  createJob(request: JobRequest, signal?: AbortSignal): Promise<CreatedJob> {
    return this.#json('POST', '/jobs', signal, request);
  }

  /** Starts a job of an earlier job's photo. Does nothing if it has been started. */
  async startJob(jobId: string, signal?: AbortSignal): Promise<void> {
    const response = await this.#send('POST', `/jobs/${encodeURIComponent(jobId)}/start`, signal);
    if (!response.ok) throw await errorFrom(response);
  }

  listJobs(query: { cursor?: string | null; limit?: number }, signal?: AbortSignal): Promise<JobPage> {
    const search = new URLSearchParams();
    if (query.cursor) search.set('cursor', query.cursor);
    if (query.limit) search.set('limit', String(query.limit));
    const suffix = search.size > 0 ? `?${search}` : '';
    return this.#json('GET', `/jobs${suffix}`, signal);
  }

  getJob(jobId: string, signal?: AbortSignal): Promise<Job> {
    return this.#json('GET', `/jobs/${encodeURIComponent(jobId)}`, signal);
  }

  /**
   * Deletes the job with its photo and results, also if the page is closed meanwhile. A job that no
   * longer exists counts as deleted.
   */
  async deleteJob(jobId: string, signal?: AbortSignal): Promise<void> {
    const response = await this.#send('DELETE', `/jobs/${encodeURIComponent(jobId)}`, signal);
    if (!response.ok && response.status !== 404) throw await errorFrom(response);
  }

  /** Asks for the GPU's start, ahead of a job. */
  async wake(): Promise<void> {
    const response = await this.#send('POST', '/wake');
    if (!response.ok) throw await errorFrom(response);
  }

  async #json<T>(method: string, path: string, signal?: AbortSignal, body?: unknown): Promise<T> {
    const response = await this.#send(method, path, signal, body);
    if (!response.ok) throw await errorFrom(response);
    try {
      return (await response.json()) as T;
    } catch (cause) {
      if (isAbort(cause)) throw cause;
      throw new ApiError('fault', texts.shell.unreadable, response.status);
    }
  }

  async #send(method: string, path: string, signal?: AbortSignal, body?: unknown): Promise<Response> {
    const token = await this.session.token();
    if (token === null) throw new ApiError('session', messageFor(401), 401);
    const response = await this.#once(method, path, token, signal, body);
    if (response.status !== 401) return response;
    const renewed = await this.session.renew(token);
    return renewed === null ? response : this.#once(method, path, renewed, signal, body);
  }

  async #once(
    method: string,
    path: string,
    token: string,
    signal?: AbortSignal,
    body?: unknown,
  ): Promise<Response> {
    const headers: Record<string, string> = { Authorization: `Bearer ${token}`, Accept: 'application/json' };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    try {
      return await this.fetcher(this.base + path, {
        method,
        headers,
        cache: 'no-store',
        ...(method === 'DELETE' ? { keepalive: true } : {}),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      });
    } catch (cause) {
      if (isAbort(cause)) throw cause;
      throw unreachable();
    }
  }
}
