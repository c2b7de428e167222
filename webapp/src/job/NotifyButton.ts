import { h, icon, say } from '../dom.ts';
import type { Notifications } from './Notifications.ts';

/** Turns notifications on and off. Only a click makes the browser ask for permission. */
export class NotifyButton {
  readonly element: HTMLButtonElement;
  readonly #text = h('span', {}, 'Notify me', h('span', { class: 'notify-when' }, ' when it ends'));

  constructor(
    private readonly notifications: Notifications,
    private readonly announce: (message: string) => void,
  ) {
    this.element = h(
      'button',
      {
        type: 'button',
        class: 'button small notify',
        hidden: true,
        'aria-pressed': String(notifications.isOn),
        on: { click: () => void this.#toggle() },
      },
      icon('bell'),
      this.#text,
    );
  }

  /** Shows the button if the browser can show notifications. */
  show(isUseful: boolean): void {
    const hadFocus = document.activeElement === this.element;
    this.element.hidden = !isUseful || !this.notifications.canShow;
    if (hadFocus && this.element.hidden)
      document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
  }

  async #toggle(): Promise<void> {
    if (this.element.hasAttribute('aria-disabled')) return;
    if (this.notifications.isOn) this.notifications.turnOff();
    else if ((await this.notifications.turnOn()) === 'denied') {
      say(this.#text, 'Blocked by the browser');
      this.element.setAttribute('aria-disabled', 'true');
      this.announce('The browser blocks notifications from this page.');
    }
    this.element.setAttribute('aria-pressed', String(this.notifications.isOn));
  }
}
