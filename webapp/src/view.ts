import type { Api } from './api.ts';
import type { Config } from './config.ts';

/** What a view may use of the page around it. */
export interface Page {
  readonly config: Config;
  readonly api: Api;
  /** Goes to one of the page's own addresses. */
  go(path: string): void;
  /** The session has ended: leads to the sign-in and back here. */
  sessionEnded(): void;
  /** Has screen readers say something. */
  announce(message: string): void;
  setTitle(title: string): void;
}

/** One screen of the page: made for its address, destroyed when the address changes. */
export interface View {
  readonly element: HTMLElement;
  /** Puts unsaved work away before the page leaves for the sign-in. */
  keep?(): Promise<void>;
  destroy(): void;
}
