import { isFinished, type Job } from '../api.ts';
import { h, say } from '../dom.ts';
import { agoInWords } from '../format.ts';
import { texts } from '../texts/texts.ts';
import type { Notifications } from './Notifications.ts';
import { NotifyButton } from './NotifyButton.ts';
import { type Topic, Wait } from './wait.ts';
import { changesBetween, jobInWords, optionsInWords } from './words.ts';

/**
 * The text below the title of a job: its state or what it waits for, when it was submitted, and,
 * while it is unfinished, the button for a notification. Its times advance between two polls.
 * Screen readers hear a new state or reason, not the minutes.
 */
export class JobLead {
  readonly element: HTMLElement;
  readonly #state = h('p', { class: 'job-state' });
  readonly #ago = h('time');
  readonly #more = h('span');
  readonly #notify: NotifyButton;
  readonly #submitted: HTMLElement;
  readonly #wait = new Wait();
  #job: Job | null = null;
  #topic: Topic = '';
  #timer = 0;

  constructor(
    private readonly announce: (message: string) => void,
    notifications: Notifications,
  ) {
    this.#notify = new NotifyButton(notifications, announce);
    this.#submitted = h(
      'div',
      { class: 'job-submitted', hidden: true },
      h('p', { class: 'job-small' }, texts.job.submitted, this.#ago, this.#more),
      this.#notify.element,
    );
    this.element = h('div', { class: 'job-lead' }, this.#state, this.#submitted);
  }

  update(job: Job): void {
    const before = this.#job;
    const now = Date.now();
    this.#job = job;
    this.#wait.update(job.waiting, now);
    const topic = this.#wait.topic(now);
    const news = changesBetween(before, job, this.#sentence(job, now));
    if (news) this.announce(news);
    if (news || before === null) this.#topic = topic;
    this.#ago.dateTime = job.createdAt;
    this.#ago.title = new Date(job.createdAt).toLocaleString();
    say(
      this.#more,
      `${job.options ? optionsInWords(job.options) : ''}.${job.notifiedAt ? texts.job.emailed : ''}`,
    );
    this.#submitted.hidden = false;
    this.#show(job, now);
    this.#follow(!isFinished(job.state));
  }

  /** Shows another text, about no job. */
  replace(text: string): void {
    this.#follow(false);
    this.element.classList.remove('is-followed');
    this.element.replaceChildren(h('p', {}, text));
  }

  destroy(): void {
    window.clearInterval(this.#timer);
  }

  #sentence(job: Job, now: number): string {
    return this.#wait.inWords(now) || jobInWords(job);
  }

  #show(job: Job, now: number): void {
    const sentence = this.#sentence(job, now);
    const topic = this.#wait.topic(now);
    say(this.#state, sentence);
    say(this.#ago, agoInWords(job.createdAt, now));
    if (topic === '' || topic === this.#topic) return;
    this.#topic = topic;
    this.announce(sentence);
  }

  /** Lets the times advance while the job is unfinished. */
  #follow(isUnfinished: boolean): void {
    window.clearInterval(this.#timer);
    this.#notify.show(isUnfinished);
    if (!isUnfinished) return;
    // Keeps the space of two lines and the button, so that nothing moves when they change.
    this.element.classList.add('is-followed');
    this.#timer = window.setInterval(() => this.#job && this.#show(this.#job, Date.now()), 1000);
  }
}
