import type { Api } from './api.ts';
import type { Config } from './config.ts';
import type { Listing } from './jobs/Listing.ts';

/** What a view may use of the page around it. */
export interface Page {
  readonly config: Config;
  readonly api: Api;
  /** The user's jobs, as far as they were listed. */
  readonly listing: Listing;
  /** Goes to one of the page's own addresses. */
  go(path: string): void;
  /** Goes back to the address where the user came from there, else just there. */
  back(path: string): void;
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
  /** Scrolls to where the user was, once the view is shown again. */
  restore?(): void;
  destroy(): void;
}
