import type { Page } from '@playwright/test';

export interface Shown {
  readonly title: string;
  readonly body: string;
  readonly tag: string;
}

/**
 * Replaces the page's Notification by one that the test can read. Like a browser's, it shows nothing
 * before the user has allowed it, and on a phone its constructor throws
 * (https://developer.mozilla.org/docs/Web/API/Notification/Notification).
 */
export async function standInForNotifications(
  page: Page,
  answer: NotificationPermission,
  device: 'desktop' | 'phone' = 'desktop',
): Promise<void> {
  await page.addInitScript(
    ([given, where]) => {
      const shown: (Shown & { click(): void })[] = [];
      const seen = { shown, asked: 0 };
      class StandIn {
        onclick: (() => void) | null = null;
        static get permission(): string {
          return sessionStorage.getItem('permission') ?? 'default';
        }
        static requestPermission(): Promise<string> {
          seen.asked += 1;
          sessionStorage.setItem('permission', given);
          return Promise.resolve(given);
        }
        constructor(title: string, options: { body?: string; tag?: string } = {}) {
          if (where === 'phone') throw new TypeError('Illegal constructor.');
          const { body = '', tag = '' } = options;
          if (StandIn.permission !== 'granted') return;
          shown.push({ title, body, tag, click: () => this.onclick?.() });
        }
        close(): void {}
      }
      Object.assign(window, { Notification: StandIn, notifications: seen });
    },
    [answer, device] as const,
  );
}

type Seen = { notifications: { asked: number; shown: (Shown & { click(): void })[] } };

/** The notifications shown since the page was loaded. */
export const shownOn = (page: Page): Promise<Shown[]> =>
  page.evaluate(() =>
    (window as unknown as Seen).notifications.shown.map(({ title, body, tag }) => ({ title, body, tag })),
  );

/** How often the page has asked for permission since it was loaded. */
export const askedOn = (page: Page): Promise<number> =>
  page.evaluate(() => (window as unknown as Seen).notifications.asked);

export const clickNotification = (page: Page): Promise<void> =>
  page.evaluate(() => (window as unknown as Seen).notifications.shown.at(-1)?.click());

/** Makes the page see its tab hidden or shown. */
export const setHidden = (page: Page, isHidden: boolean): Promise<void> =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => (hidden ? 'hidden' : 'visible'),
    });
    document.dispatchEvent(new Event('visibilitychange'));
  }, isHidden);
