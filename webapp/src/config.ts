/** The page's settings, served as /config.json: locally by gen3d, deployed from the stack's outputs. */

export interface Limits {
  /** Largest file. */
  readonly maxBytes: number;
  /** Most pixels, width times height. */
  readonly maxPixels: number;
  /** Fewest pixels of the shorter side. */
  readonly minSide: number;
  /** Most boxes on a photo. */
  readonly maxObjects: number;
  /** Fewest pixels of a box's side. */
  readonly minBox: number;
  /** Most unfinished jobs of a user. */
  readonly maxUnfinished: number;
  /** Media types that the service takes. */
  readonly contentTypes: readonly string[];
}

export interface AuthSettings {
  /** Address of the OpenID Connect issuer. */
  readonly authority: string;
  readonly clientId: string;
  readonly scope: string;
  /** Where the issuer ends its session, if its metadata does not say. */
  readonly logoutUrl?: string;
}

export interface Config {
  /** Prefix of the API, on this origin. */
  readonly apiUrl: string;
  readonly region: string;
  readonly stack: string;
  readonly auth: AuthSettings;
  readonly limits: Limits;
  readonly backend: string;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fields(from: Fields, name: string): Fields {
  const value = from[name];
  if (!isFields(value)) throw new Error(`config.json has no "${name}"`);
  return value;
}

function text(from: Fields, name: string, fallback?: string): string {
  const value = from[name] ?? fallback;
  if (typeof value !== 'string' || (value === '' && fallback === undefined))
    throw new Error(`config.json has no text "${name}"`);
  return value;
}

function count(from: Fields, name: string): number {
  const value = from[name];
  if (typeof value !== 'number' || !(value > 0)) throw new Error(`config.json has no number "${name}"`);
  return value;
}

/** Checks what /config.json holds, so that nothing later meets a setting that is not there. */
export function readConfig(value: unknown): Config {
  if (!isFields(value)) throw new Error('config.json is not an object');
  const auth = fields(value, 'auth');
  const limits = fields(value, 'limits');
  const contentTypes = limits.contentTypes;
  if (
    !Array.isArray(contentTypes) ||
    contentTypes.length === 0 ||
    !contentTypes.every((type) => typeof type === 'string')
  ) {
    throw new Error('config.json has no list "contentTypes"');
  }
  const logoutUrl = text(auth, 'logoutUrl', '');
  return {
    apiUrl: text(value, 'apiUrl').replace(/\/$/, ''),
    region: text(value, 'region', ''),
    stack: text(value, 'stack', ''),
    auth: {
      authority: text(auth, 'authority'),
      clientId: text(auth, 'clientId'),
      scope: text(auth, 'scope', 'openid email'),
      ...(logoutUrl ? { logoutUrl } : {}),
    },
    limits: {
      maxBytes: count(limits, 'maxBytes'),
      maxPixels: count(limits, 'maxPixels'),
      minSide: count(limits, 'minSide'),
      maxObjects: count(limits, 'maxObjects'),
      minBox: count(limits, 'minBox'),
      maxUnfinished: count(limits, 'maxUnfinished'),
      contentTypes,
    },
    backend: text(value, 'backend', ''),
  };
}

/** Fetches the settings; they are never taken from a cache. */
export async function loadConfig(fetcher: typeof fetch = fetch): Promise<Config> {
  const response = await fetcher('/config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`config.json answered ${response.status}`);
  return readConfig(await response.json());
}
