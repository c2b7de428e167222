import type { Api } from './api.ts';
import type { Config } from './config.ts';
import type { Question } from './confirm.ts';
import type { Listing } from './jobs/Listing.ts';

/** What a view may use of the page around it. */
export interface Page {
  readonly config: Config;
  /** Who is signed in: the owner of all that is kept in this browser. */
  readonly userId: string;
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
  /** Waits until unsaved work is put away, before the page leaves for the sign-in. */
  keep?(): Promise<void>;
  /** What to ask the user before the view is left, null where nothing is lost by it. */
  leaving?(): Question | null;
  /** Scrolls to where the user was, once the view is shown again. */
  restore?(): void;
  destroy(): void;
}
