/** Client of the Gen3D API: the documents it speaks in, and every failure as one kind of error. */

import type { FileFormat } from './formats.ts';

export type JobState = 'uploading' | 'queued' | 'processing' | 'succeeded' | 'partial' | 'failed';
export type ObjectState = 'queued' | 'processing' | 'succeeded' | 'failed';

/** Why a job or an object failed, in words for the user. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** What POST /api/jobs takes. */
export interface JobRequest {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: number;
  /** Pixels of the picture as shown. */
  readonly width?: number;
  readonly height?: number;
  /** None: the whole picture, or what its transparency leaves, is one object. */
  readonly objects?: readonly {
    readonly label?: string;
    readonly box: readonly [number, number, number, number] | null;
  }[];
  readonly options?: { readonly seed?: number; readonly formats?: readonly FileFormat[] };
}

/** Where and how to send the photo: a form post, fields first, the file last. */
export interface UploadTicket {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly expiresAt: string;
}

export interface CreatedJob {
  readonly jobId: string;
  readonly state: JobState;
  readonly upload: UploadTicket;
}

/** A job in a list. Job ids sort newest first. */
export interface JobSummary {
  readonly jobId: string;
  readonly createdAt: string;
  readonly state: JobState;
  /** Why no mesh was made, where it is the same for all objects. */
  readonly error?: Failure;
  readonly name: string;
  readonly objects: { readonly total: number; readonly succeeded: number; readonly failed: number };
  readonly preview?: string;
  /** Of a job that failed. */
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
  /** Presigned: it stops working after a while. */
  readonly url: string;
}

export interface JobObject {
  readonly index: number;
  readonly label?: string;
  readonly box: readonly number[] | null;
  readonly state: ObjectState;
  readonly stage?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly error?: Failure;
  readonly files: readonly ResultFile[];
  readonly preview?: string;
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

export interface Job {
  readonly jobId: string;
  readonly createdAt: string;
  readonly state: JobState;
  readonly error?: Failure;
  /** When a job in state uploading fails, if its photo has not come. */
  readonly expiresAt?: string;
  readonly notifiedAt?: string;
  readonly source?: {
    readonly name: string;
    readonly width: number;
    readonly height: number;
    readonly bytes: number;
    readonly contentType: string;
    readonly url?: string;
  };
  readonly options?: { readonly seed: number; readonly formats: readonly string[] };
  readonly objects: readonly JobObject[];
}

export const isFinished = (state: JobState): boolean =>
  state === 'succeeded' || state === 'partial' || state === 'failed';

/** What went wrong with a call. `kind` says what the user can do about it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** session: sign in again; network: the answer never came; refused: change something; fault: try again later. */
    readonly kind: 'session' | 'network' | 'refused' | 'fault',
    message: string,
    /** HTTP status, 0 where there was no answer. */
    readonly status = 0,
    /** The problem document's code. */
    readonly code = '',
    readonly fields: readonly { readonly field: string; readonly message: string }[] = [],
  ) {
    super(message);
  }
}

/** Whether the error only says that the caller itself gave the call up. */
export const isAbort = (error: unknown): boolean =>
  error instanceof Object && 'name' in error && error.name === 'AbortError';

/** Makes an error of an answer that is not a success, from its problem document where it has one. */
export async function errorFrom(response: Response): Promise<ApiError> {
  const kind = response.status === 401 ? 'session' : response.status >= 500 ? 'fault' : 'refused';
  let problem: Record<string, unknown> = {};
  try {
    const body: unknown = await response.json();
    if (typeof body === 'object' && body !== null) problem = body as Record<string, unknown>;
  } catch {
    // Not a problem document: what a proxy answers, for one. The status has to do.
  }
  const word = (name: string): string => (typeof problem[name] === 'string' ? (problem[name] as string) : '');
  const listed = Array.isArray(problem.errors) ? problem.errors : [];
  const fields = listed.flatMap((entry: unknown) => {
    const { field, message } = (entry ?? {}) as { field?: unknown; message?: unknown };
    return typeof message === 'string' ? [{ field: typeof field === 'string' ? field : '', message }] : [];
  });
  const message = word('detail') || fields[0]?.message || word('title') || messageFor(response.status);
  return new ApiError(kind, message, response.status, word('code'), fields);
}

function messageFor(status: number): string {
  if (status === 401) return 'The session has ended. Sign in again.';
  if (status === 403) return 'This account may not do that.';
  if (status === 404) return 'There is no such job.';
  if (status === 429) return 'Too many requests at once. Wait a moment and try again.';
  if (status >= 500) return 'The service has a fault. Try again in a minute.';
  return `The service refused the request (${status}).`;
}

/** The error of a call that nobody answered. */
export const unreachable = (): ApiError =>
  new ApiError('network', 'Gen3D cannot be reached. Check the connection and try again.');

/** What the client needs of the session. */
export interface TokenSource {
  /** The access token, or null when nobody is signed in. */
  token(): Promise<string | null>;
  /** Gets another token than the one that was refused; null when the session has ended. */
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

  /** Deletes the job with its photo and results. A job that is not there any more counts as deleted. */
  async deleteJob(jobId: string, signal?: AbortSignal): Promise<void> {
    const response = await this.#send('DELETE', `/jobs/${encodeURIComponent(jobId)}`, signal);
    if (!response.ok && response.status !== 404) throw await errorFrom(response);
  }

  async #json<T>(method: string, path: string, signal?: AbortSignal, body?: unknown): Promise<T> {
    const response = await this.#send(method, path, signal, body);
    if (!response.ok) throw await errorFrom(response);
    try {
      return (await response.json()) as T;
    } catch (cause) {
      if (isAbort(cause)) throw cause;
      throw new ApiError(
        'fault',
        'The service answered with something unreadable. Try again in a minute.',
        response.status,
      );
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
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      });
    } catch (cause) {
      if (isAbort(cause)) throw cause;
      throw unreachable();
    }
  }
}
