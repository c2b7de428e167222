import { ApiError } from '../api.ts';
import { messageOf } from '../messages.ts';
import { isBusy, isSent, type PhotoQueue, type QueuedPhoto, type Sending } from './PhotoQueue.ts';
import { browserOutside, type Outside, untilReached } from './retry.ts';
import type { Progress } from './submission.ts';

/**
 * Pause, in ms, before a photo is tried again whose user has too many unfinished jobs, if the service
 * does not say when a place may be free.
 */
export const placeWait = 15_000;

/** Whether the service takes the job later, when others are done. */
const isFull = (error: unknown): error is ApiError => error instanceof ApiError && error.status === 429;

export interface SenderEvents {
  /** Submits a photo and returns the id of its job. */
  deliver(item: QueuedPhoto, progress: (progress: Progress) => void, signal: AbortSignal): Promise<string>;
  /** Deletes the job that waits for a photo whose submission was canceled. */
  canceled(id: string): void;
  /** Handles an error that concerns the whole page; returns true if it did. */
  escalated(error: unknown): boolean;
  /** A photo is submitted. */
  sent(id: string, jobId: string): void;
}

/** Submits photos of the queue, one after the other, and notes in the queue how far each is. */
export class Sender {
  #current: { readonly id: string; readonly abort: AbortController } | null = null;
  /** The photos that are tried again until there is a place for their job. */
  readonly #patient = new Set<string>();

  constructor(
    private readonly queue: PhotoQueue,
    private readonly events: SenderEvents,
    private readonly outside: Outside = browserOutside,
  ) {}

  /**
   * Submits photos after those that are being submitted. With `waits`, one for which the user has too
   * many unfinished jobs is tried again until there is a place; without, it fails.
   */
  send(ids: readonly string[], waits: boolean): void {
    for (const id of ids) {
      const item = this.queue.get(id);
      if (!item || isBusy(item) || isSent(item)) continue;
      if (waits) this.#patient.add(id);
      else this.#patient.delete(id);
      this.#note(id, { step: 'next' });
    }
    if (!this.#current) void this.#run();
  }

  cancel(id: string): void {
    if (this.#current?.id === id) this.#current.abort.abort();
    else if (this.queue.get(id)?.sending.step === 'next') this.#note(id, { step: 'idle' });
  }

  cancelAll(): void {
    for (const { id } of this.queue.items) this.cancel(id);
  }

  async #run(): Promise<void> {
    for (;;) {
      const item = this.queue.items.find(({ sending }) => sending.step === 'next');
      if (!item) return;
      const abort = new AbortController();
      this.#current = { id: item.id, abort };
      await this.#submit(item, abort.signal);
      this.#current = null;
    }
  }

  async #submit(item: QueuedPhoto, signal: AbortSignal): Promise<void> {
    const { id } = item;
    // Between two attempts the page shows what it waits for until something is sent.
    const progress = (one: Progress): void => {
      if (one.step === 'sending') this.#note(id, one);
    };
    this.#note(id, { step: 'sending', share: 0 });
    try {
      const jobId = await this.#untilTaken(
        () =>
          untilReached(
            () => this.events.deliver(this.queue.get(id) ?? item, progress, signal),
            () => this.#note(id, { step: 'waiting', until: 'reached' }),
            signal,
            this.outside,
          ),
        () => this.#note(id, { step: 'waiting', until: 'place' }),
        this.#patient.has(id),
        signal,
      );
      this.#note(id, { step: 'sent', jobId });
      this.events.sent(id, jobId);
    } catch (error) {
      if (signal.aborted) {
        this.#note(id, { step: 'idle' });
        this.events.canceled(id);
      } else if (this.events.escalated(error)) {
        this.#note(id, { step: 'idle' });
        this.cancelAll();
      } else this.#note(id, { step: 'failed', message: messageOf(error) });
    }
  }

  /** Repeats an attempt until the user has room for another job. */
  async #untilTaken<T>(
    attempt: () => Promise<T>,
    waiting: () => void,
    waits: boolean,
    signal: AbortSignal,
  ): Promise<T> {
    for (;;) {
      let pause = placeWait;
      try {
        return await attempt();
      } catch (error) {
        if (!waits || !isFull(error)) throw error;
        pause = error.retryAfter || placeWait;
      }
      waiting();
      await this.outside.pause(pause, signal);
    }
  }

  #note(id: string, sending: Sending): void {
    this.queue.change(id, { sending });
  }
}
