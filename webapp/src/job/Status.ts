import type { Failure, Job, JobObject } from '../api.ts';
import { fill, h, icon, say } from '../dom.ts';
import { durationInWords } from '../format.ts';
import { againPath } from '../router.ts';
import { texts } from '../texts/texts.ts';
import type { Item } from './items.ts';
import { leftOutInWords, maskAdvice, stageInWords, stageShare, titleOf } from './words.ts';

const words = texts.job;

/**
 * What is to be said of the item on the stage: its progress while it is in work, why it failed, or that
 * its mask needs a look. It is empty for an item of which nothing need be said.
 */
export class Status {
  readonly element = h('div', { class: 'stage-status' });
  readonly #elapsed = h('span', { class: 'elapsed' });
  #since = 0;
  #timer = 0;
  #shown = '';

  /** `shared` is the failure that the page shows above the stage; it is not repeated here. */
  update(item: Item, job: Job, shared: Failure | undefined): void {
    const parts =
      item.kind === 'photo'
        ? []
        : item.kind === 'scene'
          ? scene(item, job)
          : this.#object(item.object, job, shared);
    const now = parts.map((part) => part.outerHTML).join('');
    this.element.hidden = parts.length === 0;
    this.#follow(item);
    if (now === this.#shown) return;
    this.#shown = now;
    fill(this.element, ...parts);
    this.#tick();
  }

  destroy(): void {
    window.clearInterval(this.#timer);
  }

  #object(object: JobObject, job: Job, shared: Failure | undefined): HTMLElement[] {
    const again = h(
      'a',
      { href: againPath(job.jobId, object.index), class: 'button small' },
      icon('edit'),
      words.objectAgain,
    );
    if (object.state === 'queued') return [h('p', { class: 'status-line' }, h('span', {}, words.inQueue))];
    if (object.state === 'processing')
      return [
        h('p', { class: 'status-line' }, h('span', {}, `${stageInWords(object.stage)}…`), this.#elapsed),
        h('progress', {
          max: 1,
          value: stageShare(object.stage),
          'aria-label': words.progressOf(titleOf(object)),
        }),
      ];
    if (object.state === 'failed') {
      const message = object.error?.message ?? words.failedWithoutReason;
      return message === shared?.message ? [again] : [alert(message), again];
    }
    const advice = maskAdvice(object);
    return advice ? [h('p', { class: 'advice' }, icon('warning'), advice), again] : [];
  }

  /** Lets the time since an object's start advance. */
  #follow(item: Item): void {
    const started =
      item.kind === 'object' && item.object.state === 'processing' ? item.object.startedAt : undefined;
    this.#since = started ? Date.parse(started) : 0;
    window.clearInterval(this.#timer);
    if (this.#since > 0) this.#timer = window.setInterval(() => this.#tick(), 1000);
    this.#tick();
  }

  #tick(): void {
    const ms = this.#since > 0 ? Math.max(0, Date.now() - this.#since) : 0;
    say(
      this.#elapsed,
      ms < 1000 ? '' : words.elapsed(durationInWords(Math.floor(ms / 1000) * 1000).replace('.0', '')),
    );
  }
}

const alert = (message: string): HTMLElement =>
  h('div', { class: 'alert' }, icon('warning'), h('p', {}, message));

function scene(
  { scene: { state, error, unplaced } }: Extract<Item, { kind: 'scene' }>,
  job: Job,
): HTMLElement[] {
  if (state === 'making') return [h('p', { class: 'status-line', role: 'status' }, words.assembling)];
  if (error) return [alert(error.message)];
  return unplaced.length > 0 ? [h('p', { class: 'advice' }, leftOutInWords(job, unplaced))] : [];
}
