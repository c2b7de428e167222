import type { JobSummary } from '../api.ts';
import { h, icon, say } from '../dom.ts';
import { agoInWords, plural } from '../format.ts';
import { jobPath } from '../router.ts';
import { updateChip } from './chip.ts';

/** Describes the result or progress of a job in one line. */
export function progressInWords({ state, objects }: JobSummary): string {
  const { total, succeeded, failed } = objects;
  if (state === 'uploading') return 'Waiting for the photo';
  if (total === 0) return '';
  if (state === 'succeeded') return plural(succeeded, 'mesh', 'meshes');
  if (state === 'failed') return total === 1 ? 'No mesh' : `None of ${total} meshes`;
  return `${succeeded} of ${plural(total, 'mesh', 'meshes')}${failed > 0 ? `, ${failed} failed` : ''}`;
}

/** Why no mesh was made; empty for a job that has one or may still get one. */
export function reasonInWords({ state, error }: JobSummary): string {
  if (state !== 'failed') return '';
  return error?.message ?? 'The objects failed for different reasons; open the job to read them.';
}

/** Number of attempts to load the same link to a picture. */
const maxTries = 3;

/**
 * One job of the list. It is updated in place, so that pictures do not flicker and the focus stays.
 */
export class JobCard {
  readonly element: HTMLElement;
  readonly #link: HTMLAnchorElement;
  readonly #picture = h('div', { class: 'job-picture' }, icon('cube'));
  readonly #chip = h('span', { class: 'chip' });
  readonly #line = h('span', { class: 'job-line' });
  readonly #when = h('time', { class: 'job-when' });
  readonly #reason = h('p', { class: 'job-reason' });
  readonly #remove: HTMLButtonElement;
  #job: JobSummary;
  /** The link that the picture was requested with, and the outcome. */
  #url = '';
  #image: HTMLImageElement | null = null;
  #failures = 0;

  constructor(job: JobSummary, remove: (job: JobSummary) => void) {
    this.#job = job;
    this.#link = h('a', { href: jobPath(job.jobId), class: 'job-link' }, '');
    this.#remove = h(
      'button',
      { type: 'button', class: 'icon-button', on: { click: () => remove(this.#job) } },
      icon('trash'),
    );
    this.element = h(
      'li',
      { class: 'job-card' },
      this.#picture,
      h(
        'div',
        { class: 'job-words' },
        h('h3', {}, this.#link),
        h('p', { class: 'job-facts' }, this.#line, this.#when),
        this.#reason,
        this.#chip,
      ),
      this.#remove,
    );
  }

  update(job: JobSummary, now: number): void {
    this.#job = job;
    const name = job.name || 'Untitled photo';
    say(this.#link, name);
    this.#remove.setAttribute('aria-label', `Delete ${name}`);
    updateChip(this.#chip, job.state);
    say(this.#line, progressInWords(job));
    this.#when.dateTime = job.createdAt;
    this.#when.title = new Date(job.createdAt).toLocaleString();
    say(this.#when, agoInWords(job.createdAt, now));
    const reason = reasonInWords(job);
    say(this.#reason, reason);
    this.#reason.title = reason;
    this.#show(job.preview ?? job.photo);
  }

  /**
   * Shows the picture. A newly signed link leads to the same picture, so it is fetched again only
   * if it has not loaded.
   */
  #show(url: string | undefined): void {
    if (!url) return;
    if (url === this.#url) {
      if (this.#image || this.#failures === maxTries) return;
    } else {
      const isShown = url.split('?')[0] === this.#url.split('?')[0] && !!this.#image?.naturalWidth;
      this.#url = url;
      this.#failures = 0;
      if (isShown) return;
    }
    const image = h('img', { src: url, alt: '', loading: 'lazy', decoding: 'async' });
    this.#image = image;
    image.addEventListener('error', () => {
      if (this.#image !== image) return;
      this.#image = null;
      this.#failures += 1;
      this.#picture.replaceChildren(icon('cube'));
    });
    this.#picture.replaceChildren(image);
  }
}
