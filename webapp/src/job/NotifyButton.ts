import { h, icon, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import type { Notifications } from './Notifications.ts';

/** Turns notifications on and off. Only a click makes the browser ask for permission. */
export class NotifyButton {
  readonly element: HTMLButtonElement;
  readonly #text = h('span', {}, texts.job.notify, h('span', { class: 'notify-when' }, texts.job.notifyWhen));

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
      say(this.#text, texts.job.notifyBlocked);
      this.element.setAttribute('aria-disabled', 'true');
      this.announce(texts.job.notifyRefused);
    }
    this.element.setAttribute('aria-pressed', String(this.notifications.isOn));
  }
}
