import type { Api } from './api.ts';
import type { Config } from './config.ts';
import type { Question } from './confirm.ts';
import type { Listing } from './jobs/Listing.ts';
import type { Waker } from './upload/Waker.ts';

/** What a view may use of the page around it. */
export interface Page {
  readonly config: Config;
  /** The signed-in user: the owner of everything stored in this browser. */
  readonly userId: string;
  readonly api: Api;
  /** Starts the GPU when the user has chosen a photo. */
  readonly waker: Waker;
  /** The user's jobs, as far as they are loaded. */
  readonly listing: Listing;
  /** Goes to a path within the page. */
  go(path: string): void;
  /** Goes back if the user came from that path, else goes to it. */
  back(path: string): void;
  /** Handles the end of the session: signs in again and returns here. */
  sessionEnded(): void;
  /** Makes screen readers announce a message. */
  announce(message: string): void;
  setTitle(title: string): void;
}

/** One screen of the page: created for an address, destroyed when the address changes. */
export interface View {
  readonly element: HTMLElement;
  /** Resolves when unsaved work is stored, before the page leaves for the sign-in. */
  keep?(): Promise<void>;
  /** Returns what to ask the user before leaving the view, null if nothing would be lost. */
  leaving?(): Question | null;
  /** Scrolls to the previous position when the view is shown again. */
  restore?(): void;
  destroy(): void;
}
