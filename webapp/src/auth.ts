import { ErrorResponse, type User, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import { type TokenSource, unreachable } from './api.ts';
import type { AuthSettings } from './config.ts';

/** Path that the issuer sends the browser back to. */
export const callbackPath = '/callback';

/** A path on this origin to return to, or the start page for anything else. */
export function safeReturn(path: unknown): string {
  if (typeof path !== 'string' || !/^\/(?![/\\])/.test(path) || path.startsWith(callbackPath)) return '/';
  return path;
}

/** Who is signed in, as far as the page shows it. */
export interface SignedIn {
  /** The issuer's own name of the user, never shown. */
  readonly id: string;
  readonly name: string;
}

/** Where oidc-client-ts puts what it stores. */
const prefix = 'oidc.';

/** What a session needs of the browser beside its network. */
export interface Browser {
  /** Kept for all tabs, until the session ends. */
  readonly shared: Storage;
  /** Kept for this tab: a sign-in under way. */
  readonly own: Storage;
  /** Does the work while no other tab does work of that name. */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
}

const thisBrowser = (): Browser => ({
  shared: window.localStorage,
  own: window.sessionStorage,
  alone: (name, work) => navigator.locks.request(name, work) as ReturnType<typeof work>,
});

/**
 * The session: sign-in by authorization code with PKCE, shared by all tabs of
 * this origin, renewed with the refresh token by one tab at a time.
 *
 * It is in local storage, so that a link in a mail opens signed in. A script
 * that runs in the page could read it there, as it could in session storage, or
 * use it through the page; what keeps one out is the content security policy
 * (csp.json), which runs the page's own files only, none of them from elsewhere.
 * What local storage adds is time: the session outlives the browser's windows,
 * until the user signs out, which ends it in every tab, or the refresh token
 * runs out (RefreshTokenValidity in infra/identity.go).
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
      // Renewal happens when a call needs a token, never from a timer or a frame.
      automaticSilentRenew: false,
      monitorSession: false,
      loadUserInfo: false,
    });
  }

  /** Calls back when another tab has signed in or out, or as someone else. */
  watch(changed: () => void): void {
    window.addEventListener('storage', (event) => {
      const isCleared = event.key === null;
      if (!isCleared && event.key !== this.#key) return;
      // A renewal leaves the user who it is.
      if (isCleared || subjectOf(event.oldValue) !== subjectOf(event.newValue)) changed();
    });
  }

  /** The person signed in, or null. A session that has run out counts while it can be renewed. */
  async current(): Promise<SignedIn | null> {
    const user = await this.#manager.getUser();
    if (!user || (user.expired && !user.refresh_token)) return null;
    return { id: user.profile.sub, name: nameOf(user) };
  }

  /** Leaves for the issuer's sign-in page; it comes back to `returnTo`. */
  async signIn(returnTo: string): Promise<void> {
    await this.#manager.signinRedirect({ state: { returnTo: safeReturn(returnTo) } });
  }

  /** Finishes a sign-in from the callback's address; answers where the user was. */
  async finishSignIn(url: string): Promise<string> {
    const user = await this.#manager.signinRedirectCallback(url);
    const state = user.state as { returnTo?: unknown } | undefined;
    return safeReturn(state?.returnTo);
  }

  /**
   * Forgets the session here. Answers the address that ends it with the issuer
   * too, or null where the issuer has none or is away.
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
    // Another tab was first.
    if (user.access_token !== refused && isUsable(user)) return user.access_token;
    if (!user.refresh_token) return null;
    try {
      return (await this.#manager.signinSilent())?.access_token ?? null;
    } catch (error) {
      // The refresh token is spent: the session has ended.
      if (error instanceof ErrorResponse) return null;
      throw unreachable();
    }
  }
}

/** Whether the token lasts: one that ends within seconds would be refused on its way. */
const isUsable = (user: User): boolean => (user.expires_in ?? Number.POSITIVE_INFINITY) > 20;

/** Whose session a stored value is; nothing for what is none. */
function subjectOf(stored: string | null): string {
  try {
    const { profile } = JSON.parse(stored ?? '{}') as { profile?: { sub?: string } };
    return profile?.sub ?? '';
  } catch {
    return '';
  }
}

/**
 * The issuer's sign-out page, asked in Cognito's words (client_id, logout_uri)
 * and in those of OpenID Connect RP-Initiated Logout at once: each issuer reads
 * its own.
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
