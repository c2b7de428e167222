import type { Photo } from './check.ts';
import type { Marks } from './drafts.ts';
import type { Promised } from './submission.ts';

/** How far the submission of a photo is. */
export type Sending =
  /** Not submitted. */
  | { readonly step: 'idle' }
  /** Submitted; other photos go first. */
  | { readonly step: 'next' }
  /** `share` of the photo's bytes, 0 to 1. */
  | { readonly step: 'sending'; readonly share: number }
  /** It is tried again later: the service cannot be reached, or the user has too many jobs. */
  | { readonly step: 'waiting'; readonly until: 'reached' | 'place' }
  | { readonly step: 'failed'; readonly message: string }
  | { readonly step: 'sent'; readonly jobId: string };

/** A photo that the user chose, with what was marked on it. */
export interface QueuedPhoto extends Marks {
  readonly id: string;
  readonly photo: Photo;
  /** In milliseconds since 1970. */
  readonly addedAt: number;
  /** The job that waits for this photo, if there is one. */
  readonly promised: Promised | null;
  readonly sending: Sending;
}

/** Maximum number of photos that wait in the page. */
export const mostPhotos = 20;

/** Whether the photo is being submitted, so that it cannot be changed. */
export const isBusy = ({ sending: { step } }: QueuedPhoto): boolean =>
  step === 'next' || step === 'sending' || step === 'waiting';

export const isSent = ({ sending }: QueuedPhoto): boolean => sending.step === 'sent';

/** The photos that the user has chosen, in that order, and which of them is open. */
export class PhotoQueue {
  #items: readonly QueuedPhoto[] = [];
  #openId: string | null = null;
  readonly #listeners = new Set<() => void>();

  get items(): readonly QueuedPhoto[] {
    return this.#items;
  }

  /** The photos that are not sent yet. */
  get unsent(): readonly QueuedPhoto[] {
    return this.#items.filter((item) => !isSent(item));
  }

  get open(): QueuedPhoto | null {
    return this.get(this.#openId ?? '') ?? null;
  }

  get(id: string): QueuedPhoto | undefined {
    return this.#items.find((item) => item.id === id);
  }

  /** Number of photos that can be added. */
  get room(): number {
    return Math.max(0, mostPhotos - this.unsent.length);
  }

  add(item: QueuedPhoto): void {
    this.#set([...this.#items, item].sort((a, b) => a.addedAt - b.addedAt));
  }

  /** Removes a photo. */
  remove(id: string): void {
    if (this.get(id)) this.#set(this.#items.filter((item) => item.id !== id));
  }

  /** Removes the photos that are sent. */
  clearSent(): void {
    if (this.#items.some(isSent)) this.#set(this.unsent);
  }

  change(id: string, change: Partial<QueuedPhoto>): void {
    if (this.get(id))
      this.#set(this.#items.map((item) => (item.id === id ? { ...item, ...change, id } : item)));
  }

  choose(id: string | null): void {
    if (id === this.#openId) return;
    this.#openId = id;
    this.#set(this.#items);
  }

  /** Returns the photo to open after one is sent or removed: the next that is not sent, or the last. */
  after(index: number): QueuedPhoto | null {
    return this.#items.slice(index).find((item) => !isSent(item)) ?? this.unsent.at(-1) ?? null;
  }

  /** Calls back after every change, until the returned function is called. */
  watch(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  #set(items: readonly QueuedPhoto[]): void {
    this.#items = items;
    for (const changed of this.#listeners) changed();
  }
}
