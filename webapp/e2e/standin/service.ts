import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PhotoRequest } from '../../src/api.ts';
import { bodyOf, sendJson, sendProblem } from './http.ts';
import { Issuer, issuerPath } from './issuer.ts';
import { contentOf, jobDocument, minute, newJobId, type StoredJob, summaryOf } from './jobs.ts';
import { maskPng, previewPng, thumbnailPng } from './png.ts';

const webapp = fileURLToPath(new URL('../..', import.meta.url));

const preview = previewPng();

/** What the next matching request gets in place of a response. */
interface Fault {
  readonly match: RegExp;
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

/**
 * Serves the built page as the service does (page, API and issuer on one address, storage on
 * another), so that a test can make it fail in ways that the real service does not on request. It
 * is part of the tests only.
 */
export class StandIn {
  readonly issuer = new Issuer();
  readonly jobs = new Map<string, StoredJob>();
  readonly requests: string[] = [];
  readonly lastRequests = new Map<string, unknown>();
  url = '';
  bucketUrl = '';
  /** Milliseconds that one stage of an object takes. */
  pace = 120;
  /** The API responds to every request with 503. */
  away = false;
  /** The page's setting, without which POST /api/wake is not found. */
  wakeOnPhoto = false;
  /** Further settings of the page. */
  settings: { supportEmail?: string; keptDays?: number; erasedDays?: number } = {};
  /** Incremented when links that were issued stop working. */
  linkGeneration = 1;
  readonly #scripts: { readonly match: RegExp; readonly code: string }[] = [];
  readonly #faults: Fault[] = [];
  readonly #servers: Server[] = [];

  private constructor(private readonly built: string) {}

  /** Starts to serve the built page, or another build of it. */
  static async start(built = join(webapp, 'dist')): Promise<StandIn> {
    const standIn = new StandIn(built);
    standIn.bucketUrl = await standIn.#listen((request, response) => standIn.#bucket(request, response));
    standIn.url = await standIn.#listen((request, response) => standIn.#page(request, response));
    standIn.issuer.url = `${standIn.url}${issuerPath}`;
    return standIn;
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      }),
    );
  }

  /** Makes the next request whose "METHOD /path" matches fail in this way. */
  failNext(match: RegExp, status: number, body: unknown = '', type?: string): void {
    this.#faults.push({
      match,
      status,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(type ? { type } : {}),
    });
  }

  /** Runs a script before that of the files of the page whose path matches. */
  runBefore(match: RegExp, script: () => void): void {
    this.#scripts.push({ match, code: `(${script})();\n` });
  }

  /**
   * The address of a page that stores a session of the user, as a sign-in would have, and replaces
   * itself with a path of this origin.
   */
  sessionUrl(path: string): string {
    return `${this.url}/session?to=${encodeURIComponent(path)}`;
  }

  /** Stores a job, finished long ago unless stated otherwise. */
  addJob(job: Partial<StoredJob> = {}): StoredJob {
    const createdAt = job.createdAt ?? Date.now() - 60 * minute;
    const stored: StoredJob = {
      jobId: newJobId(createdAt),
      createdAt,
      name: 'coffee.jpg',
      width: 600,
      height: 400,
      bytes: 64474,
      contentType: 'image/jpeg',
      objects: [{ box: [120, 60, 420, 320] }],
      seed: 0,
      quality: 'standard',
      uploadedAt: createdAt,
      photo: Buffer.alloc(0),
      colors: 'vertices',
      ...job,
    };
    this.jobs.set(stored.jobId, stored);
    return stored;
  }

  #listen(handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>): Promise<string> {
    const server = createServer((request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      const line = `${request.method} ${request.url?.split('?')[0]}`;
      const fault = this.#faults.findIndex(({ match }) => match.test(line));
      const [chosen] = fault < 0 ? [] : this.#faults.splice(fault, 1);
      if (chosen) {
        request.resume();
        response.writeHead(chosen.status, {
          'Content-Type': chosen.type ?? 'application/problem+json',
          'Access-Control-Allow-Origin': '*',
        });
        response.end(chosen.body);
        return;
      }
      handle(request, response).catch((error: unknown) => {
        response.writeHead(500);
        response.end(String(error));
      });
    });
    this.#servers.push(server);
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () =>
        resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
      );
    });
  }

  async #page(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname === '/config.json') return sendJson(response, 200, this.#config());
    if (url.pathname === '/network.json') return sendJson(response, 200, {});
    if (url.pathname === '/session')
      return this.issuer.storeSession(response, url.searchParams.get('to') ?? '/');
    if (url.pathname.startsWith(`${issuerPath}/`)) return this.issuer.answer(request, response, url);
    if (url.pathname.startsWith('/api/')) return this.#api(request, response, url);
    return this.#file(response, url.pathname);
  }

  #config(): unknown {
    return {
      apiUrl: '/api',
      region: 'us-east-1',
      stack: 'local',
      auth: this.issuer.settings,
      limits: {
        maxBytes: 20 * 1024 * 1024,
        maxPixels: 50_000_000,
        minSide: 64,
        maxObjects: 16,
        minBox: 8,
        maxUnfinished: 20,
        contentTypes: ['image/png', 'image/jpeg', 'image/webp'],
      },
      backend: 'relief',
      wakeOnPhoto: this.wakeOnPhoto,
      ...this.settings,
    };
  }

  async #file(response: ServerResponse, path: string): Promise<void> {
    const types: Record<string, string> = {
      '.html': 'text/html',
      '.js': 'text/javascript',
      '.css': 'text/css',
      '.svg': 'image/svg+xml',
    };
    const name = extname(path) ? path : '/index.html';
    const file = await readFile(join(this.built, name)).catch(() => null);
    const before = this.#scripts.filter(({ match }) => match.test(name)).map(({ code }) => Buffer.from(code));
    const body = file && Buffer.concat([...before, file]);
    response.writeHead(body ? 200 : 404, {
      'Content-Type': types[extname(name)] ?? 'application/octet-stream',
      'Content-Security-Policy': await this.#policy(),
    });
    response.end(body ?? 'not found');
  }

  async #policy(): Promise<string> {
    const policy = JSON.parse(await readFile(join(webapp, 'csp.json'), 'utf8')) as Record<string, string[]>;
    return Object.entries(policy)
      .map(([directive, sources]) => `${directive} ${sources.join(' ')}`)
      .join('; ')
      .replaceAll('{bucket}', this.bucketUrl)
      .replaceAll('{issuer}', this.url);
  }

  async #api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (this.away) return sendProblem(response, 503, 'busy', 'Gen3D is busy. Try again in a minute.');
    if (!this.issuer.accepts(request)) return sendProblem(response, 401, 'unauthorized', 'Sign in again.');
    const refuse = (): void => sendProblem(response, 405, 'method_not_allowed', 'Use another method.');
    const { method } = request;
    if (url.pathname === '/api/wake') {
      if (method !== 'POST') return refuse();
      if (!this.wakeOnPhoto) return sendProblem(response, 404, 'not_found', 'There is nothing here.');
      return sendJson(response, 202, { state: 'starting' });
    }
    if (url.pathname === '/api/jobs') {
      if (method === 'POST') return this.#create(request, response);
      return method === 'GET' ? this.#list(response, url.searchParams) : refuse();
    }
    const id = /^\/api\/jobs\/(\w+)$/.exec(url.pathname)?.[1];
    // No test starts a job here that was created with `from`.
    if (id === undefined) return sendProblem(response, 404, 'not_found', 'There is nothing here.');
    const job = this.jobs.get(id);
    if (!job) return sendProblem(response, 404, 'no_such_job', 'There is no such job.');
    if (method === 'GET') return sendJson(response, 200, jobDocument(job, this.pace, this.#link));
    if (method !== 'DELETE') return refuse();
    this.jobs.delete(id);
    response.writeHead(204);
    response.end();
  }

  #list(response: ServerResponse, query: URLSearchParams): void {
    const sorted = [...this.jobs.values()].sort((a, b) => (a.jobId < b.jobId ? -1 : 1));
    const cursor = query.get('cursor') ?? '';
    const limit = Number(query.get('limit') ?? 20);
    // maxLimit in handlers/api/list.go.
    if (!(limit >= 1 && limit <= 200)) {
      sendProblem(response, 422, 'invalid', 'The limit is 1 to 200.');
      return;
    }
    const rest = sorted.filter((job) => job.jobId > cursor);
    const page = rest.slice(0, limit);
    sendJson(response, 200, {
      jobs: page.map((job) => summaryOf(job, this.pace, this.#link)),
      nextCursor: rest.length > limit ? page.at(-1)?.jobId : null,
    });
  }

  async #create(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = JSON.parse((await bodyOf(request)).toString()) as PhotoRequest;
    this.lastRequests.set('create', asked);
    const objects = (asked.objects ?? []).map(({ label, box }) => ({
      ...(label ? { label } : {}),
      box: box ? [...box] : null,
    }));
    const job = this.addJob({
      createdAt: Date.now(),
      name: asked.name,
      width: asked.width ?? 0,
      height: asked.height ?? 0,
      bytes: asked.bytes,
      contentType: asked.contentType,
      objects: objects.length > 0 ? objects : [{ box: null }],
      seed: asked.options?.seed ?? 0,
      quality: asked.options?.quality ?? 'standard',
      faces: asked.options?.faces,
      uploadedAt: 0,
    });
    return sendJson(response, 201, {
      jobId: job.jobId,
      state: 'uploading',
      upload: {
        url: `${this.bucketUrl}/`,
        fields: { key: job.jobId, policy: 'p' },
        expiresAt: new Date(Date.now() + 10 * minute).toISOString(),
      },
    });
  }

  /** Constant for a while, like the service's links. */
  readonly #link = (path: string): string =>
    `${this.bucketUrl}/${path}?X-Amz-Expires=4200&generation=${this.linkGeneration}`;

  async #bucket(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Like S3, which sends these headers, and Vary, only to a request with an Origin.
    const cors: Record<string, string> = request.headers.origin
      ? { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*', Vary: 'Origin' }
      : {};
    const url = new URL(request.url ?? '/', this.bucketUrl);
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { ...cors, 'Access-Control-Allow-Methods': 'GET, POST' });
      response.end();
      return;
    }
    if (request.method === 'POST') {
      const body = await bodyOf(request);
      const key = /name="key"\r\n\r\n(\w+)/.exec(body.subarray(0, 2000).toString('latin1'))?.[1] ?? '';
      const job = this.jobs.get(key);
      if (job) {
        job.uploadedAt = Date.now();
        const start = body.indexOf('\r\n\r\n', body.indexOf('name="file"')) + 4;
        job.photo = body.subarray(start, start + job.bytes);
      }
      response.writeHead(job ? 204 : 403, cors);
      response.end();
      return;
    }
    if (url.searchParams.get('generation') !== String(this.linkGeneration)) {
      response.writeHead(403, { ...cors, 'Content-Type': 'application/xml' });
      response.end('<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>');
      return;
    }
    const name = url.pathname.split('/').at(-1) ?? '';
    const [, jobId = '', index = ''] = url.pathname.split('/');
    const job = this.jobs.get(jobId);
    const photo = job?.photo;
    const isShown = ['preview', 'photo', 'thumbnail', 'mask'].includes(name);
    const { body, type } = await (async () => {
      if (name === 'preview') return { body: preview, type: 'image/png' };
      if (name === 'thumbnail')
        return { body: thumbnailPng(job?.width ?? 1, job?.height ?? 1), type: 'image/png' };
      if (name === 'mask') {
        const { width = 1, height = 1, objects = [] } = job ?? {};
        return { body: maskPng(width, height, objects[Number(index) - 1]?.box ?? []), type: 'image/png' };
      }
      if (name === 'photo') {
        const taken = photo?.length ? photo : await readFile(join(webapp, '../testdata/photos/coffee.jpg'));
        return { body: taken, type: 'image/jpeg' };
      }
      const isGlb = name.endsWith('.glb');
      const body = job ? contentOf(job, name) : Buffer.alloc(0);
      return { body, type: isGlb ? 'model/gltf-binary' : 'application/octet-stream' };
    })();
    response.writeHead(200, {
      ...cors,
      'Cache-Control': 'private, max-age=3600, immutable',
      'Content-Length': body.length,
      'Content-Type': type,
      ...(isShown || url.searchParams.has('inline')
        ? {}
        : { 'Content-Disposition': `attachment; filename="${name}"` }),
    });
    response.end(body);
  }
}
