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
    private readonly show: (route: Route) => void,
    private readonly page: Window = window,
  ) {}

  start(): void {
    this.page.addEventListener('popstate', this.#changed);
    this.page.document.addEventListener('click', this.#clicked);
    this.#changed();
  }

  stop(): void {
    this.page.removeEventListener('popstate', this.#changed);
    this.page.document.removeEventListener('click', this.#clicked);
  }

  go(path: string, replace = false): void {
    this.page.history[replace ? 'replaceState' : 'pushState'](null, '', path);
    this.#changed();
  }

  readonly #changed = (): void => this.show(routeOf(this.page.location.pathname));

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
    this.go(url.pathname);
  };
}
