/** The routes of the page. */
export type Route =
  | { readonly view: 'home' }
  | { readonly view: 'job'; readonly jobId: string }
  /** The job's photo is submitted again, with all its objects or only one. */
  | { readonly view: 'again'; readonly jobId: string; readonly object?: number }
  | { readonly view: 'callback' }
  | { readonly view: 'lost' };

/** Parses a path with its query; case and a trailing slash are ignored, an id must be well-formed. */
export function routeOf(address: string): Route {
  const [path = '', query = ''] = address.split('?');
  const clean = path.replace(/\/+$/, '') || '/';
  if (clean === '/' || clean === '/index.html') return { view: 'home' };
  if (clean === '/callback') return { view: 'callback' };
  const job = /^\/jobs\/([0-9a-z]{26})$/i.exec(clean);
  if (job?.[1]) return { view: 'job', jobId: job[1].toLowerCase() };
  const again = /^\/jobs\/([0-9a-z]{26})\/again$/i.exec(clean);
  if (again?.[1]) {
    const object = new URLSearchParams(query).get('object') ?? '';
    const jobId = again[1].toLowerCase();
    return { view: 'again', jobId, ...(/^[1-9]\d{0,2}$/.test(object) ? { object: Number(object) } : {}) };
  }
  return { view: 'lost' };
}

export const jobPath = (jobId: string): string => `/jobs/${jobId}`;

/** The page on which a job's photo is submitted again, with all its objects or only one. */
export const againPath = (jobId: string, object?: number): string =>
  `${jobPath(jobId)}/again${object === undefined ? '' : `?object=${object}`}`;

interface EntryState {
  /** The path within the page that led here. */
  readonly from?: string;
  /** Position in the browser's history, counted from the page's first entry. */
  readonly at?: number;
}

/** Shows the view of the current address, now and after every navigation within the page. */
export class Router {
  #at = 0;
  /** The kind of the next popstate if this class causes it. */
  #own: 'undone' | 'allowed' | null = null;

  constructor(
    /** `returned`: the user went back or forward, to an address shown before. */
    private readonly show: (route: Route, returned: boolean) => void,
    /** Asks the user before leaving a view with unsaved work; null if there is nothing to ask. */
    private readonly ask: () => Promise<boolean> | null = () => null,
    private readonly page: Window = window,
  ) {}

  start(): void {
    const { history } = this.page;
    // The browser would scroll before the view is rendered: views restore their own position.
    history.scrollRestoration = 'manual';
    const state = this.#state;
    this.#at = state.at ?? 0;
    history.replaceState({ ...state, at: this.#at }, '');
    this.page.addEventListener('popstate', this.#returned);
    this.page.document.addEventListener('click', this.#clicked);
    this.#changed(false);
  }

  stop(): void {
    this.page.removeEventListener('popstate', this.#returned);
    this.page.document.removeEventListener('click', this.#clicked);
  }

  /** Shows the address again, for another user. */
  refresh(): void {
    this.#changed(false);
  }

  go(path: string, replace = false): void {
    const { history, location } = this.page;
    if (replace) history.replaceState({ at: this.#at }, '', path);
    else {
      this.#at += 1;
      history.pushState({ from: location.pathname, at: this.#at }, '', path);
    }
    this.#changed(false);
  }

  /** Goes back if the user came from that path, as the browser's button does, else goes to it. */
  back(path: string): void {
    if (this.#state.from === path) this.page.history.back();
    else this.go(path);
  }

  get #state(): EntryState {
    return (this.page.history.state ?? {}) as EntryState;
  }

  #changed(returned: boolean): void {
    const { pathname, search } = this.page.location;
    this.show(routeOf(pathname + search), returned);
  }

  /**
   * popstate fires after the browser has moved, so a navigation that needs confirmation is undone
   * first and repeated after a yes.
   */
  readonly #returned = (): void => {
    const own = this.#own;
    this.#own = null;
    if (own === 'undone') return;
    const at = this.#state.at ?? 0;
    const steps = at - this.#at;
    const answer = own === 'allowed' || steps === 0 ? null : this.ask();
    if (answer === null) {
      this.#at = at;
      this.#changed(true);
      return;
    }
    this.#own = 'undone';
    this.page.history.go(-steps);
    void answer.then((yes) => {
      if (!yes) return;
      this.#own = 'allowed';
      this.page.history.go(steps);
    });
  };

  /** Handles plain clicks on links to the page's own views; the browser handles all others. */
  readonly #clicked = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link?.href || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href);
    if (url.origin !== this.page.location.origin || url.hash) return;
    const path = url.pathname + url.search;
    const { view } = routeOf(path);
    if (view !== 'home' && view !== 'job' && view !== 'again') return;
    event.preventDefault();
    const follow = (): void => {
      if (link.hasAttribute('data-back')) this.back(path);
      else this.go(path);
    };
    const answer = this.ask();
    if (answer === null) follow();
    else void answer.then((yes) => yes && follow());
  };
}
