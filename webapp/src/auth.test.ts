// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Auth, safeReturn, signOutUrl } from './auth.ts';

const id = '1x8f3k2m9n0123456789abcdef';

it('returns from the sign-in only to the page itself', () => {
  expect(safeReturn(`/jobs/${id}`)).toBe(`/jobs/${id}`);
  for (const path of [
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    'javascript:1',
    '/callback?code=1',
    undefined,
    7,
  ]) {
    expect(safeReturn(path)).toBe('/');
  }
});

it('signs out with the parameters of Cognito and of OpenID Connect', () => {
  const url = new URL(
    signOutUrl('https://login.example/logout', 'the-client', 'https://page.example/', 'the-token'),
  );
  expect(url.origin + url.pathname).toBe('https://login.example/logout');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    client_id: 'the-client',
    logout_uri: 'https://page.example/',
    post_logout_redirect_uri: 'https://page.example/',
    id_token_hint: 'the-token',
  });
});

describe('the session of several tabs', () => {
  const settings = { authority: 'https://login.example', clientId: 'gen3d', scope: 'openid' };
  const key = 'oidc.user:https://login.example:gen3d';
  const session = (accessToken: string, sub = 'u1', expiresIn = 3600): string =>
    JSON.stringify({
      access_token: accessToken,
      refresh_token: 'refresh',
      token_type: 'Bearer',
      expires_at: Math.floor(Date.now() / 1000) + expiresIn,
      profile: { sub, email: `${sub}@example.com` },
    });

  afterEach(() => {
    vi.unstubAllGlobals();
    localStorage.clear();
  });

  /** An issuer whose token endpoint returns this response. */
  function start(token: () => Promise<Response>) {
    const asked = vi.fn(token);
    vi.stubGlobal('fetch', (url: string | URL) =>
      String(url).endsWith('/token')
        ? asked()
        : Promise.resolve(
            Response.json({ issuer: settings.authority, token_endpoint: `${settings.authority}/token` }),
          ),
    );
    const browser = {
      shared: localStorage,
      own: sessionStorage,
      alone: <T>(_name: string, work: () => Promise<T>): Promise<T> => work(),
    };
    return { auth: new Auth(settings, 'https://page.example', browser), asked };
  }

  it('is found in a tab that never signed in', async () => {
    const { auth } = start(() => Promise.reject(new TypeError()));
    localStorage.setItem(key, session('first'));
    expect(await auth.current()).toEqual({ id: 'u1', name: 'u1@example.com' });
    expect(await auth.token()).toBe('first');
    expect(sessionStorage).toHaveLength(0);
  });

  it('takes the token that another tab has renewed', async () => {
    const { auth, asked } = start(() => Promise.reject(new TypeError()));
    localStorage.setItem(key, session('second'));
    expect(await auth.renew('first')).toBe('second');
    expect(asked).not.toHaveBeenCalled();
  });

  it('ends when the refresh token is invalid, and not when the issuer is unreachable', async () => {
    localStorage.setItem(key, session('first'));
    const spent = start(() => Promise.resolve(Response.json({ error: 'invalid_grant' }, { status: 400 })));
    expect(await spent.auth.renew('first')).toBeNull();
    const away = start(() => Promise.reject(new TypeError('Failed to fetch')));
    await expect(away.auth.renew('first')).rejects.toMatchObject({ kind: 'network' });
    expect(await away.auth.current()).not.toBeNull();
  });

  it('reports another tab’s sign-in and sign-out, not its renewals', () => {
    const { auth } = start(() => Promise.reject(new TypeError()));
    const changed = vi.fn();
    auth.watch(changed);
    const say = (oldValue: string | null, newValue: string | null, at: string | null = key): void => {
      window.dispatchEvent(new StorageEvent('storage', { key: at, oldValue, newValue }));
    };
    say(session('first'), session('second'));
    say(null, 'x', 'other');
    expect(changed).not.toHaveBeenCalled();
    say(session('second'), null);
    say(null, session('third'));
    say(session('third'), session('fourth', 'u2'));
    say(null, null, null);
    expect(changed).toHaveBeenCalledTimes(4);
  });
});
