import { type User, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import type { TokenSource } from './api.ts';
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
  readonly name: string;
}

/**
 * The session: sign-in by authorization code with PKCE, kept in this tab's
 * session storage, renewed with the refresh token.
 */
export class Auth implements TokenSource {
  readonly #manager: UserManager;
  #renewal: Promise<string | null> | null = null;

  constructor(
    private readonly settings: AuthSettings,
    private readonly origin: string = window.location.origin,
    storage: Storage = window.sessionStorage,
  ) {
    this.#manager = new UserManager({
      authority: settings.authority,
      client_id: settings.clientId,
      scope: settings.scope,
      redirect_uri: origin + callbackPath,
      response_type: 'code',
      userStore: new WebStorageStateStore({ store: storage }),
      stateStore: new WebStorageStateStore({ store: storage }),
      // Renewal happens when a call needs a token, never from a timer or a frame.
      automaticSilentRenew: false,
      monitorSession: false,
      loadUserInfo: false,
    });
  }

  /** The person signed in, or null. A session that has run out counts while it can be renewed. */
  async current(): Promise<SignedIn | null> {
    const user = await this.#manager.getUser();
    if (!user || (user.expired && !user.refresh_token)) return null;
    return { name: nameOf(user) };
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
    // A token that ends within seconds would be refused on its way.
    if ((user.expires_in ?? Number.POSITIVE_INFINITY) > 20) return user.access_token;
    return this.renew();
  }

  renew(): Promise<string | null> {
    this.#renewal ??= this.#renewOnce().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #renewOnce(): Promise<string | null> {
    const user = await this.#manager.getUser();
    if (!user?.refresh_token) return null;
    try {
      return (await this.#manager.signinSilent())?.access_token ?? null;
    } catch {
      // The refresh token is spent or the issuer is away: the session has ended.
      return null;
    }
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
