import { Api } from './api.ts';
import { Auth, mayBeSignedIn } from './auth.ts';
import { loadConfig } from './config.ts';
import { confirmed } from './confirm.ts';
import { h } from './dom.ts';
import { Listing } from './jobs/Listing.ts';
import { type Route, Router, routeOf } from './router.ts';
import { Shell } from './shell.ts';
import { texts } from './texts/texts.ts';
import { forgetDrafts, loadDrafts } from './upload/drafts.ts';
import { Waker } from './upload/Waker.ts';
import type { Page, View } from './view.ts';
import { MessageView, WelcomeView } from './welcome.ts';

/** The code of each view is loaded when it is shown. */
const code = {
  home: () => import('./home.ts'),
  job: () => import('./job/JobView.ts'),
  again: () => import('./again.ts'),
};

/** Begins to load the code of a view. A failure is shown when the view is. */
function expectView({ view }: Route): void {
  if (view === 'lost') return;
  code[view === 'callback' ? 'home' : view]().catch(() => {});
}

function rootElement(): HTMLElement {
  const root = document.getElementById('page');
  if (!root) throw new Error('the document has no #page');
  return root;
}

const shell = new Shell(rootElement());

/** Says why there is nothing to show until the page is loaded again. */
const messageToReload = (why: string): View =>
  new MessageView(
    texts.shell.cannotStart,
    why,
    h(
      'button',
      { type: 'button', class: 'button', on: { click: () => window.location.reload() } },
      texts.shell.reload,
    ),
  );

/** Shows an error that no other code has caught. */
function watchForFaults(): void {
  const fault = (): void => shell.showFault(texts.shell.fault);
  window.addEventListener('error', (event) => {
    // A picture that does not load also fires this event; its own listener handles it.
    if (event.error) fault();
  });
  window.addEventListener('unhandledrejection', fault);
}

async function start(): Promise<void> {
  const config = await loadConfig();
  shell.showFoot(config);
  const auth = new Auth(config.auth);
  let leaving = false;
  let userId = '';

  const api = new Api(config.apiUrl, auth);
  const page: Page = {
    config,
    get userId() {
      return userId;
    },
    api,
    waker: new Waker(() => api.wake(), config.wakeOnPhoto),
    listing: new Listing(),
    go: (path) => router.go(path),
    back: (path) => router.back(path),
    sessionEnded: () => void leaveForSignIn(),
    announce: (message) => shell.announce(message),
    setTitle: (title) => shell.setTitle(title),
  };

  /** The view that the user has agreed to leave: it is shown until the next one is loaded. */
  let left: View | null = null;

  /** Asks before leaving a view with unsaved work; null if there is nothing to ask. */
  function askBeforeLeaving(): Promise<boolean> | null {
    const { view } = shell;
    const question = (view !== left && view?.leaving?.()) || null;
    return (
      question &&
      confirmed(question).then((yes) => {
        if (yes) left = view;
        return yes;
      })
    );
  }

  /** Saves unsaved work and signs in again, returning to this address. */
  async function leaveForSignIn(): Promise<void> {
    if (leaving) return;
    leaving = true;
    const here = window.location.pathname + window.location.search;
    try {
      await shell.view?.keep?.();
      await auth.signIn(here);
    } catch {
      leaving = false;
      showWelcome(texts.shell.sessionLost);
    }
  }

  function showWelcome(reason: string): void {
    page.listing.clear();
    userId = '';
    shell.setTitle('');
    shell.showAccount(null, () => {});
    shell.show(new WelcomeView(reason, () => auth.signIn(window.location.pathname + window.location.search)));
  }

  /** Signs out in every tab and deletes the drafts of this user. */
  async function signOut(): Promise<void> {
    const mine = userId;
    const drafts = await loadDrafts(mine);
    const question = drafts[0]
      ? texts.upload.desk.signOut(drafts.length, drafts[0].name)
      : shell.view?.leaving?.();
    if (question && !(await confirmed(question))) return;
    // Steps that need no network come first, in case the tab is closed meanwhile.
    await leaveAndForget(mine);
    const elsewhere = await auth.signOut();
    showWelcome('');
    if (elsewhere) window.location.assign(elsewhere);
    else router.go('/');
  }

  /** Another tab has signed in or out: the view shows another user's data. */
  async function sessionChanged(): Promise<void> {
    const mine = userId;
    const person = await auth.current();
    if ((person?.id ?? '') === mine) return;
    if (mine && !person) await leaveAndForget(mine);
    router.refresh();
  }

  /** Deletes a user's drafts after the last write of them. */
  async function leaveAndForget(owner: string): Promise<void> {
    const { view } = shell;
    shell.show(new MessageView(texts.shell.signingOut, texts.shell.moment));
    await view?.keep?.();
    await forgetDrafts(owner);
  }

  async function finishSignIn(): Promise<void> {
    try {
      router.go(await auth.finishSignIn(window.location.href), true);
    } catch {
      // A callback opened twice or too late; a signed-in user continues.
      if (await auth.current()) router.go('/', true);
      else {
        window.history.replaceState(null, '', '/');
        showWelcome(texts.shell.signInFailed);
      }
    }
  }

  /** Distinguishes a later navigation from one whose check is still in progress. */
  let version = 0;

  async function viewOf(route: Exclude<Route, { view: 'callback' | 'lost' }>): Promise<View> {
    if (route.view === 'home') {
      const { HomeView } = await code.home();
      return new HomeView(page);
    }
    if (route.view === 'again') {
      const { AgainView } = await code.again();
      return new AgainView(page, route.jobId, route.object);
    }
    const { JobView } = await code.job();
    return new JobView(page, route.jobId);
  }

  async function show(route: Route, returned: boolean): Promise<void> {
    version += 1;
    const mine = version;
    if (route.view === 'callback') {
      shell.show(new MessageView(texts.shell.signingIn, texts.shell.moment));
      expectView(route);
      await finishSignIn();
      return;
    }
    if (route.view === 'lost') {
      shell.setTitle(texts.shell.lost);
      shell.show(
        new MessageView(
          texts.shell.lost,
          texts.shell.lostWhy,
          h('a', { href: '/', class: 'button' }, texts.shell.startPage),
        ),
      );
      return;
    }
    const person = await auth.current();
    if (mine !== version) return;
    if (!person) {
      showWelcome(route.view === 'home' ? '' : texts.shell.signInForJob);
      return;
    }
    userId = person.id;
    shell.showAccount(person.name, () => void signOut());
    // The code of a view cannot be loaded without a connection.
    const view = await viewOf(route).catch(() => messageToReload(texts.shell.unreachable));
    if (mine !== version) {
      view.destroy();
      return;
    }
    shell.show(view);
    if (returned) view.restore?.();
  }

  const router = new Router((route, returned) => void show(route, returned), askBeforeLeaving);
  auth.watch(() => void sessionChanged());
  router.start();
}

watchForFaults();
// While the settings are read, which tell whether there is a session.
if (mayBeSignedIn()) expectView(routeOf(window.location.pathname));
start().catch(() => shell.show(messageToReload(texts.shell.cannotStartWhy)));
