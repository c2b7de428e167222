import type { JobSummary } from '../api.ts';
import { h, icon, say } from '../dom.ts';
import { agoInWords, plural } from '../format.ts';
import { jobPath } from '../router.ts';
import { dressChip } from './chip.ts';

/** What a job has come to, in one line. */
export function progressInWords({ state, objects }: JobSummary): string {
  const { total, succeeded, failed } = objects;
  if (state === 'uploading') return 'Waiting for the photo';
  if (total === 0) return '';
  if (state === 'succeeded') return plural(succeeded, 'mesh', 'meshes');
  if (state === 'failed') return total === 1 ? 'No mesh' : `None of ${total} meshes`;
  return `${succeeded} of ${plural(total, 'mesh', 'meshes')}${failed > 0 ? `, ${failed} failed` : ''}`;
}

/** One job of the list. It is changed in place, so that pictures do not flicker and the focus stays. */
export class JobCard {
  readonly element: HTMLElement;
  readonly #link: HTMLAnchorElement;
  readonly #picture = h('div', { class: 'job-picture' }, icon('cube'));
  readonly #chip = h('span', { class: 'chip' });
  readonly #line = h('span', { class: 'job-line' });
  readonly #when = h('time', { class: 'job-when' });
  readonly #remove: HTMLButtonElement;
  #shown = '';

  constructor(job: JobSummary, remove: (job: JobSummary) => void) {
    this.#link = h('a', { href: jobPath(job.jobId), class: 'job-link' }, '');
    this.#remove = h(
      'button',
      { type: 'button', class: 'icon-button', on: { click: () => remove(job) } },
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
        this.#chip,
      ),
      this.#remove,
    );
  }

  update(job: JobSummary, now: number): void {
    const name = job.name || 'Untitled photo';
    say(this.#link, name);
    this.#remove.setAttribute('aria-label', `Delete ${name}`);
    dressChip(this.#chip, job.state);
    say(this.#line, progressInWords(job));
    this.#when.dateTime = job.createdAt;
    this.#when.title = new Date(job.createdAt).toLocaleString();
    say(this.#when, agoInWords(job.createdAt, now));
    this.#show(job.preview);
  }

  /** Shows the preview. Links differ at every answer; only another picture is fetched again. */
  #show(preview: string | undefined): void {
    const which = preview?.split('?')[0] ?? '';
    if (!preview || which === this.#shown) return;
    this.#shown = which;
    const image = h('img', { src: preview, alt: '', loading: 'lazy', decoding: 'async' });
    image.addEventListener('error', () => {
      // The link ran out before the picture came into view; the next answer has a new one.
      this.#shown = '';
      this.#picture.replaceChildren(icon('cube'));
    });
    this.#picture.replaceChildren(image);
  }
}
