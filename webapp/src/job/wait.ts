import type { Waiting } from '../api.ts';
import { texts } from '../texts/texts.ts';

const words = texts.job;

/** A wait has another topic when a screen reader should hear of it. */
export type Topic = '' | Waiting['reason'] | 'overdue';

/** An estimate that differs by less, in ms, does not change the one that is shown. */
const tolerance = 45_000;

/** Time after the estimated start, in ms, at which the wait counts as longer than usual. */
const grace = 30_000;

/**
 * What a queued job waits for. The estimate of one response counts down; later ones change it only
 * for a reason, so that it does not jump:
 *
 * - It becomes shorter if a response differs by more than the tolerance.
 * - It becomes longer if the queue has moved, or if a response raises the estimate and the next one
 *   confirms that. A response that repeats an estimate, as while an object is in work, does not.
 */
export class Wait {
  #waiting: Waiting | null = null;
  /** When the job's first object is expected to start; null without an estimate. */
  #due: number | null = null;
  /** A later start, which the next response has to confirm. */
  #later: number | null = null;

  /** Takes what a response says at the time `now`; undefined ends the wait. */
  update(waiting: Waiting | undefined, now: number): void {
    const before = this.#waiting;
    this.#waiting = waiting ?? null;
    if (!waiting || waiting.reason !== before?.reason || this.#due === null) {
      this.#due = waiting ? firstDue(waiting, now) : null;
      this.#later = null;
      return;
    }
    const seconds = waiting.estimatedSeconds;
    if (seconds === undefined) return;
    const due = now + seconds * 1000;
    const hasMoved = waiting.objectsAhead !== before.objectsAhead;
    const isRaised = (seconds - (before.estimatedSeconds ?? seconds)) * 1000 > tolerance;
    if (this.#isOverdue(now) && !hasMoved) return;
    if (hasMoved) this.#take(due);
    else if (due < this.#due - tolerance) this.#take(due);
    else if (due < this.#due + tolerance) this.#later = null;
    else if (this.#later !== null) this.#take(Math.min(due, this.#later));
    else if (isRaised) this.#later = due;
  }

  #take(due: number): void {
    this.#later = null;
    if (this.#due === null || Math.abs(due - this.#due) > tolerance) this.#due = due;
  }

  /** What the wait is about; empty if the job does not wait. */
  topic(now: number): Topic {
    if (this.#waiting === null) return '';
    return this.#isOverdue(now) ? 'overdue' : this.#waiting.reason;
  }

  /** Describes the wait in a sentence; empty if the job does not wait. */
  inWords(now: number): string {
    if (this.#waiting === null) return '';
    if (this.#isOverdue(now)) return words.overdue;
    if (this.#due === null) return causeInWords(this.#waiting);
    const cause = timedCauseInWords(this.#waiting);
    return cause && `${cause}: ${minutesInWords(this.#due - now)}.`;
  }

  #isOverdue(now: number): boolean {
    return this.#due !== null && now > this.#due + grace;
  }
}

/** By the first estimate of a wait; null without one. */
function firstDue({ reason, estimatedSeconds }: Waiting, now: number): number | null {
  if (estimatedSeconds === undefined) return null;
  // An estimate of 0 says that the GPU's start takes longer than most.
  if (reason === 'instance' && estimatedSeconds === 0) return Number.NEGATIVE_INFINITY;
  return now + estimatedSeconds * 1000;
}

/** Without an estimate, which the service makes from earlier starts. */
function causeInWords({ reason, objectsAhead }: Waiting): string {
  if (reason === 'jobs') return `${objectsAhead > 0 ? words.ahead(objectsAhead) : words.next}.`;
  if (reason !== 'instance') return '';
  return `${words.starting}. ${objectsAhead > 0 ? words.ahead(objectsAhead) : words.firstStart}.`;
}

/** The beginning of a sentence that ends with a time. */
function timedCauseInWords({ reason, objectsAhead }: Waiting): string {
  if (reason === 'jobs') return objectsAhead > 0 ? words.ahead(objectsAhead) : words.next;
  if (reason !== 'instance') return '';
  return objectsAhead > 0 ? `${words.waitingForStart}; ${words.ahead(objectsAhead)}` : words.waitingForStart;
}

function minutesInWords(ms: number): string {
  return ms < 60_000 ? words.lessThanAMinute : words.minutes(Math.round(ms / 60_000));
}
