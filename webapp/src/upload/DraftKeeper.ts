import type { Draft } from './drafts.ts';

/** The writes and removals in progress, also those of views that have been left. */
const writes = new Set<Promise<void>>();

/** Waits until no draft is being written or removed on this page. */
export async function written(): Promise<void> {
  while (writes.size > 0) await Promise.all(writes);
}

/** Counts a write or a removal as in progress until it ends. */
function count(write: Promise<void>): void {
  writes.add(write);
  void write.finally(() => writes.delete(write));
}

/**
 * Saves drafts whenever they change, one write at a time: changes during a write are saved next, in
 * their latest state only. Removes a draft after the write in progress.
 */
export class DraftKeeper {
  readonly #next = new Map<string, Draft>();
  /** The drafts whose last write failed. */
  readonly #unkept = new Set<string>();
  /** The drafts that are being removed. */
  readonly #forgotten = new Set<string>();
  #writing: Promise<void> | null = null;

  constructor(
    private readonly save: (draft: Draft) => Promise<void>,
    /** Removes a draft; does not reject. */
    private readonly remove: (id: string) => Promise<void>,
    /** Called when drafts can no longer be saved, and when they can again. */
    private readonly keptChanged: (isKept: boolean) => void,
  ) {}

  /** Whether the latest state is saved. */
  get isSettled(): boolean {
    return this.isKept && this.#writing === null;
  }

  /** Whether the last write of every draft succeeded. */
  get isKept(): boolean {
    return this.#unkept.size === 0;
  }

  /** Whether a draft that is no longer wanted is still stored. */
  get isForgetting(): boolean {
    return this.#forgotten.size > 0;
  }

  keep(draft: Draft): void {
    this.#next.set(draft.id, draft);
    if (this.#writing) return;
    const writing = this.#write();
    this.#writing = writing;
    count(writing);
  }

  /** Waits until no write is pending. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Drops the pending write of a draft, waits for the one in progress, and removes the draft. */
  async forget(id: string): Promise<void> {
    const removing = this.#forget(id);
    count(removing);
    await removing;
  }

  async #forget(id: string): Promise<void> {
    this.#next.delete(id);
    this.#forgotten.add(id);
    await this.#writing;
    this.#note(id, true);
    await this.remove(id);
    this.#forgotten.delete(id);
  }

  async #write(): Promise<void> {
    for (const [id, draft] of this.#next) {
      this.#next.delete(id);
      try {
        await this.save(draft);
        this.#note(id, true);
      } catch {
        // The quota is exceeded, or the browser stores nothing.
        this.#note(id, false);
      }
    }
    this.#writing = null;
  }

  #note(id: string, isKept: boolean): void {
    const before = this.isKept;
    if (isKept) this.#unkept.delete(id);
    else this.#unkept.add(id);
    if (this.isKept !== before) this.keptChanged(this.isKept);
  }
}
