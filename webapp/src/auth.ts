import { ErrorResponse, type User, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import { type TokenSource, unreachable } from './api.ts';
import type { AuthSettings } from './config.ts';

/** Path that the issuer redirects the browser to. */
export const callbackPath = '/callback';

/** Returns a path on this origin to return to, or the start page for anything else. */
export function safeReturn(path: unknown): string {
  if (typeof path !== 'string' || !/^\/(?![/\\])/.test(path) || path.startsWith(callbackPath)) return '/';
  return path;
}

/** The signed-in user, as shown on the page. */
export interface SignedIn {
  /** The issuer's subject identifier (sub), never shown. */
  readonly id: string;
  readonly name: string;
}

/** Prefix of the storage keys of oidc-client-ts. */
const prefix = 'oidc.';

/** Whether this browser may have a session, which is not certain before the settings are known. */
export function mayBeSignedIn(): boolean {
  try {
    return Object.keys(window.localStorage).some((key) => key.startsWith(`${prefix}user:`));
  } catch {
    return false; // a browser that denies its storage
  }
}

/** The browser's storage and locks that a session uses. */
export interface Browser {
  /** Shared by all tabs until the session ends. */
  readonly shared: Storage;
  /** Private to this tab: the state of a sign-in in progress. */
  readonly own: Storage;
  /** Runs the work under a lock of that name, shared by all tabs. */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
}

const thisBrowser = (): Browser => ({
  shared: window.localStorage,
  own: window.sessionStorage,
  alone: (name, work) => navigator.locks.request(name, work) as ReturnType<typeof work>,
});

/**
 * The session: sign-in by authorization code with PKCE, shared by all tabs of this origin, renewed
 * with the refresh token by one tab at a time.
 *
 * The session is in local storage, so that a link in an email opens signed in. A script that runs
 * in the page could read it there, as it could in session storage, or use it through the page; the
 * content security policy (csp.json) prevents that by running only the page's own files. Local
 * storage adds lifetime: the session survives the browser's windows until the user signs out, which
 * ends it in every tab, or until the refresh token expires (RefreshTokenValidity in
 * infra/identity.go).
 */
export class Auth implements TokenSource {
  readonly #manager: UserManager;
  readonly #key: string;
  readonly #browser: Browser;
  #renewal: Promise<string | null> | null = null;

  constructor(
    private readonly settings: AuthSettings,
    private readonly origin: string = window.location.origin,
    browser: Browser = thisBrowser(),
  ) {
    this.#browser = browser;
    this.#key = `${prefix}user:${settings.authority}:${settings.clientId}`;
    this.#manager = new UserManager({
      authority: settings.authority,
      client_id: settings.clientId,
      scope: settings.scope,
      redirect_uri: origin + callbackPath,
      response_type: 'code',
      userStore: new WebStorageStateStore({ store: browser.shared, prefix }),
      stateStore: new WebStorageStateStore({ store: browser.own, prefix }),
      // Tokens are renewed when a call needs one, never by a timer or a frame.
      automaticSilentRenew: false,
      monitorSession: false,
      loadUserInfo: false,
    });
  }

  /** Calls back when another tab has signed in, signed out, or signed in as another user. */
  watch(changed: () => void): void {
    window.addEventListener('storage', (event) => {
      const isCleared = event.key === null;
      if (!isCleared && event.key !== this.#key) return;
      // A renewal keeps the user.
      if (isCleared || subjectOf(event.oldValue) !== subjectOf(event.newValue)) changed();
    });
  }

  /** Returns the signed-in user, or null. An expired session counts while it can be renewed. */
  async current(): Promise<SignedIn | null> {
    const user = await this.#manager.getUser();
    if (!user || (user.expired && !user.refresh_token)) return null;
    return { id: user.profile.sub, name: nameOf(user) };
  }

  /** Redirects to the issuer's sign-in page, which returns to `returnTo`. */
  async signIn(returnTo: string): Promise<void> {
    await this.#manager.signinRedirect({ state: { returnTo: safeReturn(returnTo) } });
  }

  /** Completes a sign-in from the callback's URL and returns the path that the user came from. */
  async finishSignIn(url: string): Promise<string> {
    const user = await this.#manager.signinRedirectCallback(url);
    const state = user.state as { returnTo?: unknown } | undefined;
    return safeReturn(state?.returnTo);
  }

  /**
   * Removes the session from this browser. Returns the URL that ends it at the issuer, or null if
   * the issuer has none or cannot be reached.
   */
  async signOut(): Promise<string | null> {
    const hint = (await this.#manager.getUser())?.id_token;
    await this.#manager.removeUser();
    const page =
      this.settings.logoutUrl ??
      (await this.#manager.metadataService.getEndSessionEndpoint().catch(() => undefined));
    return page ? signOutUrl(page, this.settings.clientId, `${this.origin}/`, hint) : null;
  }

  async token(): Promise<string | null> {
    const user = await this.#manager.getUser();
    if (!user) return null;
    return isUsable(user) ? user.access_token : this.renew(user.access_token);
  }

  renew(refused: string): Promise<string | null> {
    this.#renewal ??= this.#browser
      .alone('gen3d-session', () => this.#renewOnce(refused))
      .finally(() => {
        this.#renewal = null;
      });
    return this.#renewal;
  }

  async #renewOnce(refused: string): Promise<string | null> {
    const user = await this.#manager.getUser();
    if (!user) return null;
    // Another tab has renewed the token already.
    if (user.access_token !== refused && isUsable(user)) return user.access_token;
    if (!user.refresh_token) return null;
    try {
      return (await this.#manager.signinSilent())?.access_token ?? null;
    } catch (error) {
      // The refresh token is no longer valid: the session has ended.
      if (error instanceof ErrorResponse) return null;
      throw unreachable();
    }
  }
}

/** Whether the token remains valid for a few seconds; a shorter time could pass in transit. */
const isUsable = (user: User): boolean => (user.expires_in ?? Number.POSITIVE_INFINITY) > 20;

/** Returns the subject of a stored session, or undefined if the value is none. */
function subjectOf(stored: string | null): string {
  try {
    const { profile } = JSON.parse(stored ?? '{}') as { profile?: { sub?: string } };
    return profile?.sub ?? '';
  } catch {
    return '';
  }
}

/**
 * Returns the issuer's sign-out page with the parameters of both Cognito (client_id, logout_uri)
 * and OpenID Connect RP-Initiated Logout; an issuer ignores those that it does not know.
 */
export function signOutUrl(page: string, clientId: string, back: string, idToken?: string): string {
  const url = new URL(page, back);
  url.searchParams.set('client_id', clientId);
  url.searchParams.set('logout_uri', back);
  url.searchParams.set('post_logout_redirect_uri', back);
  if (idToken) url.searchParams.set('id_token_hint', idToken);
  return url.href;
}

function nameOf(user: User): string {
  const { email, name, preferred_username: username } = user.profile;
  return email ?? name ?? username ?? user.profile.sub;
}
