import type { Draft } from './drafts.ts';

/**
 * Saves a draft whenever it changes, one write at a time: what changes
 * meanwhile is written next, in its latest state only.
 */
export class DraftKeeper {
  #next: Draft | null = null;
  #writing: Promise<void> | null = null;
  #isKept = true;

  constructor(
    private readonly save: (draft: Draft) => Promise<void>,
    /** Told when drafts cannot be kept any more, and when they can again. */
    private readonly told: (isKept: boolean) => void,
  ) {}

  /** Whether the latest state is stored. */
  get isSettled(): boolean {
    return this.#isKept && this.#writing === null;
  }

  /** Whether the last write came through. */
  get isKept(): boolean {
    return this.#isKept;
  }

  keep(draft: Draft): void {
    this.#next = draft;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  /** Waits until nothing is left to be written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Gives up what is not written yet, and waits for what is under way. */
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
        // No room, or a browser that stores nothing.
        this.#isKept = false;
      }
      if (this.#isKept !== wasKept) this.told(this.#isKept);
    }
  }
}
