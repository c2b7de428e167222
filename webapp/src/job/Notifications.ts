/** Storage key of the user's choice, which is this browser's. */
const key = 'gen3d.notifications';

/** Notifications of the browser about a job that ends while the user is elsewhere. */
export class Notifications {
  #isChosen = stored() === 'on';

  /** Whether the browser can show them, or would if the user allowed it. */
  readonly canShow = canShow();

  /** Whether the user wants them and the browser allows them. */
  get isOn(): boolean {
    return this.canShow && this.#isChosen && Notification.permission === 'granted';
  }

  /**
   * Turns them on and remembers it. The browser asks the user first, which it does only in the
   * handler of a click.
   */
  async turnOn(): Promise<NotificationPermission> {
    const permission = await Notification.requestPermission();
    if (permission === 'granted') this.#choose(true);
    return permission;
  }

  turnOff(): void {
    this.#choose(false);
  }

  /**
   * Shows one, unless the user looks at the page. It replaces one with the same tag, such as
   * another tab's. `open` is called when it is clicked, after the tab is shown.
   */
  show(title: string, body: string, tag: string, open: () => void): void {
    const isLooking = document.visibilityState === 'visible' && document.hasFocus();
    if (!this.isOn || isLooking) return;
    try {
      const notification = new Notification(title, { body, tag });
      notification.onclick = () => {
        notification.close();
        window.focus();
        open();
      };
    } catch {
      // A browser that allows them to service workers only; the email tells as well.
    }
  }

  #choose(isChosen: boolean): void {
    this.#isChosen = isChosen;
    try {
      if (isChosen) window.localStorage.setItem(key, 'on');
      else window.localStorage.removeItem(key);
    } catch {
      // Without storage the choice lasts as long as this view.
    }
  }
}

function stored(): string | null {
  try {
    return window.localStorage.getItem(key);
  } catch {
    return null;
  }
}

/**
 * Mobile browsers have the class but throw a TypeError from its constructor, because they allow
 * notifications to service workers only. Before the user has decided, an attempt shows nothing.
 */
function canShow(): boolean {
  if (typeof Notification === 'undefined' || Notification.permission === 'denied') return false;
  if (Notification.permission === 'granted') return true;
  try {
    new Notification('');
    return true;
  } catch {
    return false;
  }
}
