import { h, icon } from './dom.ts';
import { alertBox } from './messages.ts';
import { texts } from './texts/texts.ts';
import type { View } from './view.ts';

/** The page for a visitor who is not signed in. */
export class WelcomeView implements View {
  readonly element: HTMLElement;

  constructor(reason: string, signIn: () => Promise<void>) {
    const notice = h('div', { class: 'notice' }, reason ? alertBox(reason) : null);
    const button = h('button', { type: 'button', class: 'button primary large' }, texts.shell.welcome.signIn);
    button.addEventListener('click', () => {
      button.disabled = true;
      signIn().catch(() => {
        button.disabled = false;
        notice.replaceChildren(alertBox(texts.shell.welcome.unreachable));
      });
    });
    const art = ['photo', 'plus', 'cube'] as const;
    const steps = texts.shell.welcome.steps.map(([title, text], at) =>
      h(
        'li',
        {},
        h('span', { class: 'step-art' }, icon(art[at] ?? 'cube')),
        h('div', {}, h('h2', {}, title), h('p', {}, text)),
      ),
    );
    this.element = h(
      'div',
      { class: 'welcome' },
      h(
        'div',
        { class: 'welcome-words' },
        h('h1', {}, texts.shell.welcome.title),
        h('p', { class: 'welcome-lead' }, texts.shell.welcome.lead),
        notice,
        button,
      ),
      h('img', { class: 'welcome-art', src: '/welcome.svg', alt: '', width: 520, height: 400 }),
      h('ol', { class: 'steps' }, ...steps),
    );
  }

  destroy(): void {}
}

/** A view of one sentence. */
export class MessageView implements View {
  readonly element: HTMLElement;

  constructor(title: string, text: string, action?: HTMLElement) {
    this.element = h('div', { class: 'message' }, h('h1', {}, title), h('p', {}, text), action);
  }

  destroy(): void {}
}
