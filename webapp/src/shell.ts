import type { Config } from './config.ts';
import { fill, h, icon, say } from './dom.ts';
import { alertBox } from './messages.ts';
import { texts } from './texts/texts.ts';
import type { View } from './view.ts';

const { product } = texts.shell;

/** The frame around every view: the header, the view's container, and the announcements. */
export class Shell {
  readonly #account = h('div', { class: 'account' });
  readonly #banner = h('div', { class: 'banner' });
  readonly #main = h('main', { id: 'main', tabindex: '-1' });
  readonly #foot = h('footer', { class: 'foot', hidden: true });
  readonly #live = h('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  #view: View | null = null;

  constructor(root: HTMLElement) {
    fill(
      root,
      h('a', { href: '#main', class: 'skip' }, texts.shell.skip),
      h(
        'header',
        { class: 'top' },
        h(
          'a',
          { href: '/', class: 'brand' },
          h('img', { src: '/favicon.svg', alt: '', width: 28, height: 28 }),
          product,
        ),
        this.#account,
      ),
      this.#banner,
      this.#main,
      this.#foot,
      this.#live,
    );
  }

  get view(): View | null {
    return this.#view;
  }

  /** Replaces the current view and destroys it. */
  show(view: View): void {
    const first = this.#view === null;
    this.#view?.destroy();
    this.#view = view;
    this.#banner.replaceChildren();
    fill(this.#main, view.element);
    this.#showFoot();
    if (first) return;
    window.scrollTo(0, 0);
    this.#main.focus({ preventScroll: true });
  }

  showAccount(name: string | null, signOut: () => void): void {
    if (name === null) {
      fill(this.#account);
      return;
    }
    fill(
      this.#account,
      h('span', { class: 'account-name', title: name }, name),
      h(
        'button',
        { type: 'button', class: 'button small quiet', on: { click: signOut } },
        icon('signOut'),
        h('span', { class: 'sign-out-text' }, texts.shell.signOut),
      ),
    );
  }

  /** Says below every view what is stored, for how long, and where to ask. */
  showFoot({ keptDays, erasedDays, supportEmail }: Config): void {
    const { kept, erased, privacy, help } = texts.shell;
    const stored = [kept(keptDays), erasedDays === undefined ? '' : erased(erasedDays), privacy];
    fill(
      this.#foot,
      h('p', {}, stored.filter((text) => text !== '').join(' ')),
      supportEmail && h('p', {}, help, h('a', { href: `mailto:${supportEmail}` }, supportEmail)),
    );
    this.#showFoot();
  }

  /** Shows the footer once there is something above it, which would move it down. */
  #showFoot(): void {
    this.#foot.hidden = this.#view === null || !this.#foot.hasChildNodes();
  }

  /** Shows a fault of the page above the view. */
  showFault(message: string): void {
    fill(this.#banner, alertBox(message, { text: texts.shell.reload, run: () => window.location.reload() }));
  }

  announce(message: string): void {
    // A repeated message is announced again.
    say(this.#live, '');
    say(this.#live, message);
  }

  setTitle(title: string): void {
    document.title = title ? `${title} · ${product}` : product;
  }
}
