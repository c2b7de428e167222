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
 * their latest state only. A removal waits for the write in progress only.
 */
export class DraftKeeper {
  readonly #next = new Map<string, Draft>();
  /** The drafts whose last write failed. */
  readonly #unkept = new Set<string>();
  readonly #removals = new Set<Promise<void>>();
  /** The write of one draft. */
  #saving: Promise<void> | null = null;
  /** The writes of all drafts that have changed. */
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
    return this.#removals.size > 0;
  }

  keep(draft: Draft): void {
    this.#next.set(draft.id, draft);
    if (this.#writing) return;
    const writing = this.#write();
    this.#writing = writing;
    count(writing);
  }

  /** Waits until no write or removal is pending. */
  async settled(): Promise<void> {
    await Promise.all([this.#writing, ...this.#removals]);
  }

  /** Drops the pending write of a draft, waits for the one in progress, and removes the draft. */
  async forget(id: string): Promise<void> {
    const removal = this.#forget(id);
    count(removal);
    this.#removals.add(removal);
    await removal;
    this.#removals.delete(removal);
  }

  async #forget(id: string): Promise<void> {
    this.#next.delete(id);
    await this.#saving;
    this.#note(id, true);
    await this.remove(id);
  }

  async #write(): Promise<void> {
    for (const [id, draft] of this.#next) {
      this.#next.delete(id);
      this.#saving = this.#save(draft);
      await this.#saving;
    }
    this.#writing = null;
  }

  async #save(draft: Draft): Promise<void> {
    try {
      await this.save(draft);
      this.#note(draft.id, true);
    } catch {
      // The quota is exceeded, or the browser stores nothing.
      this.#note(draft.id, false);
    }
  }

  #note(id: string, isKept: boolean): void {
    const before = this.isKept;
    if (isKept) this.#unkept.delete(id);
    else this.#unkept.add(id);
    if (this.isKept !== before) this.keptChanged(this.isKept);
  }
}
