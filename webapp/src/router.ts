/** The page's addresses. */
export type Route =
  | { readonly view: 'home' }
  | { readonly view: 'job'; readonly jobId: string }
  | { readonly view: 'callback' }
  | { readonly view: 'lost' };

/** Reads a path; case and a closing slash do not matter, an id must look like one. */
export function routeOf(path: string): Route {
  const clean = path.replace(/\/+$/, '') || '/';
  if (clean === '/' || clean === '/index.html') return { view: 'home' };
  if (clean === '/callback') return { view: 'callback' };
  const job = /^\/jobs\/([0-9a-z]{26})$/i.exec(clean);
  if (job?.[1]) return { view: 'job', jobId: job[1].toLowerCase() };
  return { view: 'lost' };
}

export const jobPath = (jobId: string): string => `/jobs/${jobId}`;

/** Shows the view of the address, now and on every move within the page. */
export class Router {
  constructor(
    /** `returned`: by the browser's way back or forward, so to what was there before. */
    private readonly show: (route: Route, returned: boolean) => void,
    private readonly page: Window = window,
  ) {}

  start(): void {
    // Views come after the browser would have scrolled: they restore their own place.
    this.page.history.scrollRestoration = 'manual';
    this.page.addEventListener('popstate', this.#returned);
    this.page.document.addEventListener('click', this.#clicked);
    this.#changed(false);
  }

  stop(): void {
    this.page.removeEventListener('popstate', this.#returned);
    this.page.document.removeEventListener('click', this.#clicked);
  }

  go(path: string, replace = false): void {
    const { history, location } = this.page;
    if (replace) history.replaceState(null, '', path);
    else history.pushState({ from: location.pathname }, '', path);
    this.#changed(false);
  }

  /** Goes back to the address where the user came from there, as the browser's button does. */
  back(path: string): void {
    const { from } = (this.page.history.state ?? {}) as { from?: unknown };
    if (from === path) this.page.history.back();
    else this.go(path);
  }

  #changed(returned: boolean): void {
    this.show(routeOf(this.page.location.pathname), returned);
  }

  readonly #returned = (): void => this.#changed(true);

  /** Takes over plain clicks on links to the page's own views; all others stay the browser's. */
  readonly #clicked = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link?.href || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href);
    if (url.origin !== this.page.location.origin || url.hash) return;
    const { view } = routeOf(url.pathname);
    if (view !== 'home' && view !== 'job') return;
    event.preventDefault();
    if (link.hasAttribute('data-back')) this.back(url.pathname);
    else this.go(url.pathname);
  };
}
