/**
 * The page's settings, served as /config.json: locally by gen3d, deployed from the stack's outputs.
 */

export interface Limits {
  /** Maximum file size in bytes. */
  readonly maxBytes: number;
  /** Maximum width times height in pixels. */
  readonly maxPixels: number;
  /** Minimum length of the shorter side in pixels. */
  readonly minSide: number;
  /** Maximum number of boxes on a photo. */
  readonly maxObjects: number;
  /** Minimum side of a box in pixels. */
  readonly minBox: number;
  /** Maximum number of unfinished jobs of a user. */
  readonly maxUnfinished: number;
  /** Accepted media types. */
  readonly contentTypes: readonly string[];
}

export interface AuthSettings {
  /** URL of the OpenID Connect issuer. */
  readonly authority: string;
  readonly clientId: string;
  readonly scope: string;
  /** URL that ends the issuer's session, if its metadata has none. */
  readonly logoutUrl?: string;
}

export interface Config {
  /** Prefix of the API's paths on this origin. */
  readonly apiUrl: string;
  readonly region: string;
  readonly stack: string;
  readonly auth: AuthSettings;
  readonly limits: Limits;
  readonly backend: string;
  /** Whether the choice of a photo starts the GPU; absent in older settings. */
  readonly wakeOnPhoto?: boolean;
  /** Where users send questions. */
  readonly supportEmail?: string;
  /** Days after which photos and results are deleted; absent if only their user deletes them. */
  readonly keptDays?: number;
  /** Days after which deleted photos and results are gone for good; absent if they are at once. */
  readonly erasedDays?: number;
  /** Version of the program that serves or deploys the page, where that is known. */
  readonly version?: string;
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

/** Returns an optional number of days as a field, without it if it is 0. */
function days<K extends string>(from: Fields, name: K): { readonly [name in K]?: number } {
  const value = from[name];
  return typeof value === 'number' && value > 0 ? ({ [name]: value } as { [name in K]?: number }) : {};
}

/** Validates /config.json, so that later code can rely on every setting. */
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
  const version = text(value, 'version', '');
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
    ...(typeof value.wakeOnPhoto === 'boolean' ? { wakeOnPhoto: value.wakeOnPhoto } : {}),
    ...(typeof value.supportEmail === 'string' && value.supportEmail
      ? { supportEmail: value.supportEmail }
      : {}),
    ...days(value, 'keptDays'),
    ...days(value, 'erasedDays'),
    ...(version ? { version } : {}),
  };
}

/**
 * Fetches the settings with the request that index.html preloads. The response's headers make a browser
 * ask for them each time.
 */
export async function loadConfig(fetcher: typeof fetch = fetch): Promise<Config> {
  const response = await fetcher('/config.json');
  if (!response.ok) throw new Error(`config.json answered ${response.status}`);
  return readConfig(await response.json());
}
