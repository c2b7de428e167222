import type { Draft } from './drafts.ts';

/**
 * Saves a draft whenever it changes, one write at a time: changes during a write are saved next, in
 * their latest state only.
 */
export class DraftKeeper {
  #next: Draft | null = null;
  #writing: Promise<void> | null = null;
  #isKept = true;

  constructor(
    private readonly save: (draft: Draft) => Promise<void>,
    /** Called when drafts can no longer be saved, and when they can again. */
    private readonly keptChanged: (isKept: boolean) => void,
  ) {}

  /** Whether the latest state is saved. */
  get isSettled(): boolean {
    return this.#isKept && this.#writing === null;
  }

  /** Whether the last write succeeded. */
  get isKept(): boolean {
    return this.#isKept;
  }

  keep(draft: Draft): void {
    this.#next = draft;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  /** Waits until no write is pending. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Drops the pending write, and waits for the one in progress. */
  async stop(): Promise<void> {
    this.#next = null;
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#next) {
      const draft = this.#next;
      this.#next = null;
      const wasKept = this.#isKept;
      try {
        await this.save(draft);
        this.#isKept = true;
      } catch {
        // The quota is exceeded, or the browser stores nothing.
        this.#isKept = false;
      }
      if (this.#isKept !== wasKept) this.keptChanged(this.#isKept);
    }
  }
}
