/** A file of the network, on the page's origin. */
export interface NetworkFile {
  readonly path: string;
  readonly bytes: number;
  /** The SHA-256 of its bytes, in lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** A model: its graph, and the weights, which the graph knows by the name of their file. */
export interface ModelFiles {
  readonly graph: NetworkFile;
  readonly data: NetworkFile;
}

/** The network that the site has; internal/weights/site has the same in Go. */
export interface Manifest {
  readonly encoder: ModelFiles;
  readonly decoder: ModelFiles;
}

/** Where the site says which network it has: an empty object if it has none. */
export const manifestPath = '/network.json';

/** The network whose inputs and outputs this page knows: see {@link Network}. */
const format = 'sam2-1';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

function file(value: unknown): NetworkFile | null {
  if (!isFields(value)) return null;
  const { path, bytes, sha256 } = value;
  if (typeof path !== 'string' || !/^\/network\/[\w./-]+$/.test(path) || path.includes('..')) return null;
  if (typeof bytes !== 'number' || !(bytes > 0)) return null;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return null;
  return { path, bytes, sha256 };
}

function model(value: unknown): ModelFiles | null {
  if (!isFields(value)) return null;
  const graph = file(value.graph);
  const data = file(value.data);
  return graph && data ? { graph, data } : null;
}

/** Returns null if the site has no network, or one of another format. */
export function readManifest(value: unknown): Manifest | null {
  if (!isFields(value) || value.format !== format) return null;
  const encoder = model(value.encoder);
  const decoder = model(value.decoder);
  return encoder && decoder ? { encoder, decoder } : null;
}

export async function loadManifest(fetcher: typeof fetch = fetch): Promise<Manifest | null> {
  const response = await fetcher(manifestPath, { cache: 'no-cache' });
  return response.ok ? readManifest(await response.json()) : null;
}
