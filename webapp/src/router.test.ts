// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { againPath, type Route, Router, routeOf } from './router.ts';

const id = '1x8f3k2m9n0123456789abcdef';

describe('routeOf', () => {
  it('reads the addresses of the page', () => {
    expect(routeOf('/')).toEqual({ view: 'home' });
    expect(routeOf('/index.html')).toEqual({ view: 'home' });
    expect(routeOf('/callback')).toEqual({ view: 'callback' });
    expect(routeOf(`/jobs/${id}`)).toEqual({ view: 'job', jobId: id });
    expect(routeOf(`/jobs/${id.toUpperCase()}/`)).toEqual({ view: 'job', jobId: id });
  });

  it('reads the address at which a job, or one object of it, is submitted again', () => {
    expect(routeOf(againPath(id))).toEqual({ view: 'again', jobId: id });
    expect(routeOf(againPath(id, 12))).toEqual({ view: 'again', jobId: id, object: 12 });
    for (const object of ['', '0', '-1', '1e1', 'x', '1000'])
      expect(routeOf(`/jobs/${id}/again/?object=${object}`)).toEqual({ view: 'again', jobId: id });
  });

  it('knows no others', () => {
    for (const path of ['/jobs', '/jobs/short', `/jobs/${id}/more`, '/jobs/../etc', '/x']) {
      expect(routeOf(path)).toEqual({ view: 'lost' });
    }
  });
});

describe('Router', () => {
  let router: Router;
  afterEach(() => router.stop());

  function start() {
    window.history.replaceState(null, '', '/');
    const shown: Route[] = [];
    router = new Router((route) => shown.push(route));
    router.start();
    return shown;
  }

  function click(html: { href: string; target?: string }, modifiers: MouseEventInit = {}): boolean {
    const link = Object.assign(document.createElement('a'), html);
    // jsdom cannot follow links: a click that the router leaves alone is canceled here.
    const stay = vi.fn((event: Event) => event.preventDefault());
    document.body.append(link);
    window.addEventListener('click', stay, { once: true });
    const event = new MouseEvent('click', { bubbles: true, cancelable: true, ...modifiers });
    let taken = false;
    document.addEventListener(
      'click',
      (e) => {
        taken = e.defaultPrevented;
      },
      { once: true },
    );
    link.dispatchEvent(event);
    link.remove();
    return taken;
  }

  it('shows where it starts and where it goes, forth and back', async () => {
    const shown = start();
    router.go(`/jobs/${id}`);
    window.history.back();
    await vi.waitFor(() => expect(shown).toHaveLength(3), { timeout: 30_000 });
    expect(shown.map((route) => route.view)).toEqual(['home', 'job', 'home']);
  });

  it('goes back to where the user came from, and just there if that was elsewhere', async () => {
    const shown: [string, boolean][] = [];
    window.history.replaceState(null, '', '/');
    router = new Router((route, returned) => shown.push([route.view, returned]));
    router.start();
    router.go(`/jobs/${id}`);
    router.back('/');
    await vi.waitFor(() => expect(shown).toHaveLength(3), { timeout: 30_000 });
    window.history.replaceState(null, '', `/jobs/${id}`);
    router.back('/');
    expect(window.location.pathname).toBe('/');
    expect(shown).toEqual([
      ['home', false],
      ['job', false],
      ['home', true],
      ['home', false],
    ]);
  });

  it('asks before it leaves by a link or by the browser’s way back, and stays after a no', async () => {
    window.history.replaceState(null, '', '/');
    const shown: string[] = [];
    const answers: ((yes: boolean) => void)[] = [];
    let asks = false;
    router = new Router(
      (route) => shown.push(route.view),
      () => (asks ? new Promise((resolve) => answers.push(resolve)) : null),
    );
    router.start();
    router.go(`/jobs/${id}`);
    asks = true;
    click({ href: '/' });
    answers.pop()?.(false);
    for (const yes of [false, true]) {
      window.history.back();
      await vi.waitFor(() => expect(answers).toHaveLength(1), { timeout: 30_000 });
      await vi.waitFor(() => expect(window.location.pathname).toBe(`/jobs/${id}`), { timeout: 30_000 });
      expect(shown).toEqual(['home', 'job']);
      answers.pop()?.(yes);
    }
    await vi.waitFor(() => expect(shown).toEqual(['home', 'job', 'home']), { timeout: 30_000 });
    click({ href: `/jobs/${id}` });
    answers.pop()?.(true);
    await vi.waitFor(() => expect(shown.at(-1)).toBe('job'), { timeout: 30_000 });
  });

  it('takes over plain clicks on its own links only', () => {
    const shown = start();
    expect(click({ href: `/jobs/${id}` })).toBe(true);
    expect(shown.at(-1)).toEqual({ view: 'job', jobId: id });
    expect(click({ href: '/mailbox' })).toBe(false);
    expect(click({ href: 'https://elsewhere.example/' })).toBe(false);
    expect(click({ href: '/', target: '_blank' })).toBe(false);
    expect(click({ href: '/' }, { ctrlKey: true })).toBe(false);
    expect(shown).toHaveLength(2);
  });
});
