import { DraftKeeper } from './DraftKeeper.ts';
import { type Draft, forgetDrafts, mostKeptBytes, saveDraft, withoutMasks } from './drafts.ts';
import { isSent, type PhotoQueue } from './PhotoQueue.ts';

export interface KeptPhotosEvents {
  /** Photos can no longer be kept in this browser, or can again. */
  kept(isKept: boolean): void;
  /** A photo is kept with its masks, or there is no room for them. */
  masksKept(id: string, areKept: boolean): void;
}

/** Keeps the photos of the queue as drafts in this browser. */
export class KeptPhotos {
  readonly #keeper: DraftKeeper;

  constructor(
    private readonly userId: string,
    private readonly queue: PhotoQueue,
    private readonly events: KeptPhotosEvents,
  ) {
    this.#keeper = new DraftKeeper(
      (draft) => this.#save(draft),
      (id) => forgetDrafts(userId, id),
      events.kept,
    );
  }

  /** Whether the last state of every photo could be saved. */
  get isKept(): boolean {
    return this.#keeper.isKept;
  }

  /** Whether the latest state of every photo is saved. */
  get isSettled(): boolean {
    return this.#keeper.isSettled;
  }

  /** Whether a photo that was removed or sent is still kept. */
  get isForgetting(): boolean {
    return this.#keeper.isForgetting;
  }

  /** Waits until no write or removal is pending. */
  settled(): Promise<void> {
    return this.#keeper.settled();
  }

  /** Saves what is marked on a photo, unless it is sent. */
  keep(id: string): void {
    const item = this.queue.get(id);
    if (!item || isSent(item)) return;
    const { photo, boxes, selected, options, promised, addedAt } = item;
    const { file, name, from } = photo;
    this.#keeper.keep({
      boxes,
      selected,
      options,
      id,
      file,
      name,
      addedAt,
      savedAt: Date.now(),
      promised,
      ...(from === undefined ? {} : { from }),
    });
  }

  /** Removes a photo from those that are kept. */
  forget(id: string): Promise<void> {
    return this.#keeper.forget(id);
  }

  /** Saves a draft, without masks if there is no room for them. Rejects if there is none for it. */
  async #save(draft: Draft): Promise<void> {
    const { items } = this.queue;
    const before = items.slice(
      0,
      items.findIndex(({ id }) => id === draft.id),
    );
    const bytes = before.reduce((sum, { photo }) => sum + photo.file.size, draft.file.size);
    if (bytes > mostKeptBytes) throw new DOMException('too many photos to keep', 'QuotaExceededError');
    try {
      await saveDraft(this.userId, draft);
      this.events.masksKept(draft.id, true);
    } catch (error) {
      const smaller = withoutMasks(draft);
      if (!smaller) throw error;
      await saveDraft(this.userId, smaller);
      this.events.masksKept(draft.id, false);
    }
  }
}
