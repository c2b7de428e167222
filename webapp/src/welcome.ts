import { h, icon } from './dom.ts';
import { alertBox } from './messages.ts';
import type { View } from './view.ts';

/** The page for a visitor who is not signed in. */
export class WelcomeView implements View {
  readonly element: HTMLElement;

  constructor(reason: string, signIn: () => Promise<void>) {
    const notice = h('div', { class: 'notice' }, reason ? alertBox(reason) : null);
    const button = h('button', { type: 'button', class: 'button primary large' }, 'Sign in');
    button.addEventListener('click', () => {
      button.disabled = true;
      signIn().catch(() => {
        button.disabled = false;
        notice.replaceChildren(
          alertBox('The sign-in cannot be reached. Check the connection and try again.'),
        );
      });
    });
    const step = (name: 'photo' | 'plus' | 'cube', title: string, text: string): HTMLElement =>
      h(
        'li',
        {},
        h('span', { class: 'step-art' }, icon(name)),
        h('div', {}, h('h2', {}, title), h('p', {}, text)),
      );
    this.element = h(
      'div',
      { class: 'welcome' },
      h(
        'div',
        { class: 'welcome-words' },
        h('h1', {}, 'Things in a photo,', h('br'), 'as 3D meshes.'),
        h(
          'p',
          { class: 'welcome-lead' },
          'Drop a photo, draw a box around each object, and get a mesh of each to rotate, download and use.',
        ),
        notice,
        button,
      ),
      h('img', { class: 'welcome-art', src: '/welcome.svg', alt: '', width: 520, height: 400 }),
      h(
        'ol',
        { class: 'steps' },
        step('photo', 'Drop a photo', 'JPEG, PNG or WebP, from this device or the clipboard.'),
        step('plus', 'Box the objects', 'Up to sixteen in one photo, by mouse, finger or keys.'),
        step('cube', 'Take the meshes', 'GLB, PLY and Gaussian splats, with an email when they are done.'),
      ),
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
