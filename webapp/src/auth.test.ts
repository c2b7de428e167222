import { expect, it } from 'vitest';
import { safeReturn, signOutUrl } from './auth.ts';

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

it('signs out in the words of Cognito and of OpenID Connect', () => {
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
