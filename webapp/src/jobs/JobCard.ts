import type { JobSummary } from '../api.ts';
import { h, icon, say } from '../dom.ts';
import { agoInWords, momentInWords } from '../format.ts';
import { jobPath } from '../router.ts';
import { texts } from '../texts/texts.ts';
import { updateChip } from './chip.ts';
import { Picture } from './Picture.ts';
import { nameOf, progressInWords, reasonInWords } from './words.ts';

export interface CardEvents {
  remove(job: JobSummary): void;
  choose(job: JobSummary, isChosen: boolean): void;
}

/**
 * One job of the list. It is updated in place, so that pictures do not flicker and the focus stays.
 * Its pictures are requested when it comes into view.
 */
export class JobCard {
  readonly element: HTMLElement;
  readonly #link: HTMLAnchorElement;
  readonly #photo = new Picture('job-photo');
  readonly #mesh = new Picture('job-mesh');
  readonly #chip = h('span', { class: 'chip' });
  readonly #line = h('span', { class: 'job-line' });
  readonly #when = h('time', { class: 'job-when' });
  readonly #labels = h('p', { class: 'job-labels', dir: 'auto' });
  readonly #reason = h('p', { class: 'job-reason' });
  readonly #remove: HTMLButtonElement;
  readonly #choice: HTMLInputElement;
  #isInView = false;

  constructor(
    private job: JobSummary,
    events: CardEvents,
  ) {
    this.#when.dateTime = job.createdAt;
    this.#when.title = momentInWords(job.createdAt);
    this.#link = h('a', { href: jobPath(job.jobId), class: 'job-link' }, '');
    this.#remove = h(
      'button',
      { type: 'button', class: 'icon-button', on: { click: () => events.remove(this.job) } },
      icon('trash'),
    );
    this.#choice = h('input', {
      type: 'checkbox',
      on: { change: () => events.choose(this.job, this.#choice.checked) },
    });
    this.element = h(
      'div',
      { class: 'job-card', role: 'listitem', 'data-job': job.jobId },
      h('div', { class: 'job-pictures' }, icon('cube'), this.#photo.element, this.#mesh.element),
      h(
        'div',
        { class: 'job-words' },
        h('h3', { dir: 'auto' }, this.#link),
        h('p', { class: 'job-facts' }, this.#line, this.#when),
        this.#labels,
        this.#reason,
        this.#chip,
      ),
      this.#remove,
      h('label', { class: 'job-choice' }, this.#choice),
    );
  }

  get jobId(): string {
    return this.job.jobId;
  }

  update(job: JobSummary, now: number): void {
    this.job = job;
    const name = nameOf(job);
    say(this.#link, name);
    this.#link.title = name;
    this.#remove.setAttribute('aria-label', texts.jobs.deleteNamed(name));
    this.#choice.setAttribute('aria-label', texts.jobs.selectNamed(name));
    updateChip(this.#chip, job.state);
    say(this.#line, progressInWords(job));
    this.tick(now);
    const reason = reasonInWords(job);
    say(this.#reason, reason);
    this.#reason.title = reason;
    const labels = reason ? '' : (job.labels ?? []).join(', ');
    say(this.#labels, labels);
    this.#labels.title = labels;
    this.#showPictures();
  }

  /** Updates what depends on the time only. */
  tick(now: number): void {
    say(this.#when, agoInWords(this.job.createdAt, now));
  }

  /** The card comes into view, or leaves it. */
  see(isInView: boolean, now: number): void {
    this.#isInView = isInView;
    if (!isInView) return;
    this.tick(now);
    this.#showPictures();
  }

  choose(isChosen: boolean): void {
    if (this.#choice.checked !== isChosen) this.#choice.checked = isChosen;
  }

  focus(): void {
    this.#link.focus({ preventScroll: true });
  }

  #showPictures(): void {
    if (!this.#isInView) return;
    this.#photo.show(this.job.photo);
    this.#mesh.show(this.job.preview);
  }
}
