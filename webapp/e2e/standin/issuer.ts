import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { User } from 'oidc-client-ts';
import { bodyOf, sendJson } from './http.ts';

const clientId = 'gen3d';
const scope = 'openid email';

/** The path of the issuer's address. */
export const issuerPath = '/oidc';

/**
 * The OpenID Connect issuer of the stand-in: its page offers one user, and it issues tokens that only
 * it can check.
 */
export class Issuer {
  url = '';
  /** The user who signs in next. */
  user = 'testuser001';
  /** Lifetime of an access token in seconds, and whether it can be renewed. */
  tokenLifetime = 3600;
  refreshes = true;
  readonly #tokens = new Set<string>();
  #nonce = '';

  /** The settings of the page's configuration. */
  get settings() {
    return { authority: this.url, clientId, scope };
  }

  /** Invalidates every token that was issued. */
  endSessions(): void {
    this.#tokens.clear();
  }

  /** Whether a request has a valid access token. */
  accepts({ headers }: IncomingMessage): boolean {
    return this.#tokens.has(headers.authorization?.replace('Bearer ', '') ?? '');
  }

  async answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    switch (url.pathname.slice(issuerPath.length)) {
      case '/.well-known/openid-configuration':
        return sendJson(response, 200, {
          issuer: this.url,
          authorization_endpoint: `${this.url}/authorize`,
          token_endpoint: `${this.url}/token`,
          jwks_uri: `${this.url}/jwks`,
          end_session_endpoint: `${this.url}/logout`,
        });
      case '/authorize':
        return this.#signInPage(response, url.searchParams);
      case '/logout':
        response.writeHead(302, { Location: url.searchParams.get('post_logout_redirect_uri') ?? '/' });
        response.end();
        return;
      case '/token': {
        const form = new URLSearchParams((await bodyOf(request)).toString());
        if (form.get('grant_type') === 'refresh_token' && !this.refreshes)
          return sendJson(response, 400, { error: 'invalid_grant' });
        const { claims, ...tokens } = this.#issue(this.#nonce);
        return sendJson(response, 200, { ...tokens, expires_in: this.tokenLifetime });
      }
      default:
        return sendJson(response, 404, {});
    }
  }

  #signInPage(response: ServerResponse, query: URLSearchParams): void {
    this.#nonce = query.get('nonce') ?? '';
    const back = new URL(query.get('redirect_uri') ?? '/');
    back.searchParams.set('code', 'the-code');
    back.searchParams.set('state', query.get('state') ?? '');
    response.writeHead(200, { 'Content-Type': 'text/html' });
    response.end(
      `<!doctype html><title>Sign in</title><h1>Sign in</h1><a href="${back.href.replaceAll('&', '&amp;')}">${this.user}</a>`,
    );
  }

  /**
   * Responds with a page that stores a session where Auth (src/auth.ts) keeps it, and replaces itself
   * with the path `to`.
   */
  storeSession(response: ServerResponse, to: string): void {
    const { claims, ...tokens } = this.#issue();
    const user = new User({ ...tokens, scope, profile: claims, expires_at: claims.exp });
    const key = `oidc.user:${this.url}:${clientId}`;
    const script = `localStorage.setItem(${JSON.stringify(key)}, ${JSON.stringify(user.toStorageString())});
location.replace(${JSON.stringify(to)});`;
    response.writeHead(200, { 'Content-Type': 'text/html' });
    response.end(`<!doctype html><title>Session</title><script>${script}</script>`);
  }

  /** Issues the tokens of a session of the user. */
  #issue(nonce?: string) {
    const token = randomBytes(12).toString('hex');
    this.#tokens.add(token);
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.url,
      sub: this.user,
      aud: clientId,
      exp: now + this.tokenLifetime,
      iat: now,
      ...(nonce === undefined ? {} : { nonce }),
      email: `${this.user}@example.com`,
    };
    const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    return {
      claims,
      access_token: token,
      id_token: `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}.c2ln`,
      refresh_token: 'refresh',
      token_type: 'Bearer',
    };
  }
}
