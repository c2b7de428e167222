import '../styles/job.css';
import { ApiError, isAbort, isFinished, type Job, type ResultFile } from '../api.ts';
import { confirmed } from '../confirm.ts';
import { h, icon, say } from '../dom.ts';
import { updateChip } from '../jobs/chip.ts';
import { browserSurroundings, type PollResult, Poller } from '../jobs/Poller.ts';
import { isFresh } from '../links.ts';
import { alertBox, messageOf, messageOfRetried } from '../messages.ts';
import { againPath, jobPath } from '../router.ts';
import { JobArchive } from '../takeaway/JobArchive.ts';
import { texts } from '../texts/texts.ts';
import type { Page, View } from '../view.ts';
import { filesOf, firstKey, type ItemKey, itemIn, itemsOf } from './items.ts';
import { JobLead } from './JobLead.ts';
import { Notifications } from './Notifications.ts';
import { Stage, stageId } from './Stage.ts';
import { Strip } from './Strip.ts';
import { hasMoved, jobInWords } from './words.ts';

const words = texts.job;

/** One job: its photo, scene and objects, one of them on the stage, and the progress of all. */
export class JobView implements View {
  readonly element: HTMLElement;
  readonly #title = h('h1', { dir: 'auto' }, words.untitled);
  readonly #chip = h('span', { class: 'chip' });
  readonly #lead: JobLead;
  readonly #notice = h('div', { class: 'notice' });
  readonly #body = h('div', { class: 'job-body' });
  readonly #archive: JobArchive;
  readonly #again: HTMLAnchorElement;
  readonly #remove: HTMLButtonElement;
  readonly #strip = new Strip(stageId, (key) => this.#choose(key));
  readonly #stage: Stage;
  readonly #poller: Poller;
  readonly #abort = new AbortController();
  readonly #notifications = new Notifications();
  #job: Job | null = null;
  #selected: ItemKey | null = null;
  #received = 0;
  #refresh: Promise<Job> | null = null;

  constructor(
    private readonly page: Page,
    private readonly jobId: string,
  ) {
    page.setTitle(words.untitled);
    this.#lead = new JobLead((message) => page.announce(message), this.#notifications);
    this.#stage = new Stage({
      freshFiles: (key) => this.#freshFiles(key),
      fileLink: (key, format) => this.#fileLink(key, format),
      picked: (index) => this.#choose(`object-${index}`),
      announce: (message) => page.announce(message),
    });
    this.#archive = new JobArchive({ fresh: () => this.#read() }, page.config.version);
    this.#again = h(
      'a',
      { href: againPath(jobId), class: 'button small', hidden: true },
      icon('edit'),
      words.editAgain,
    );
    this.#remove = h(
      'button',
      {
        type: 'button',
        class: 'button small quiet',
        hidden: true,
        on: { click: () => void this.#askToDelete() },
      },
      icon('trash'),
      h('span', { class: 'delete-text' }, words.delete),
    );
    this.#body.append(this.#strip.element, this.#stage.element);
    this.#body.hidden = true;
    this.element = h(
      'div',
      { class: 'job-page' },
      h(
        'div',
        { class: 'job-head' },
        h(
          'div',
          { class: 'job-title' },
          h('a', { href: '/', class: 'back', 'data-back': true }, icon('back'), words.back),
          this.#title,
          this.#chip,
        ),
        h('div', { class: 'job-actions' }, this.#archive.element, this.#again, this.#remove),
      ),
      this.#lead.element,
      this.#notice,
      this.#body,
    );
    this.element.classList.add('is-waiting');
    this.#poller = new Poller(
      (signal) => this.#poll(signal),
      (error) => this.#failed(error),
      browserSurroundings,
      () => this.#notifications.isOn,
    );
    this.#poller.start();
  }

  destroy(): void {
    this.#poller.stop();
    this.#lead.destroy();
    this.#abort.abort();
    this.#archive.dispose();
    this.#strip.destroy();
    this.#stage.destroy();
  }

  async #poll(signal: AbortSignal): Promise<PollResult> {
    const job = await this.page.api.getJob(this.jobId, signal);
    signal.throwIfAborted();
    const moved = hasMoved(this.#job, job);
    this.#show(job);
    if (isFinished(job.state) && job.scene?.state !== 'making') return 'done';
    return moved ? 'moved' : 'same';
  }

  /** Reads the job outside of the poller's schedule, for links that are still valid. */
  #read(): Promise<Job> {
    this.#refresh ??= this.page.api
      .getJob(this.jobId, this.#abort.signal)
      .then((job) => {
        this.#show(job);
        return job;
      })
      .finally(() => {
        this.#refresh = null;
      });
    return this.#refresh;
  }

  #failed(error: unknown): boolean {
    if (this.#isFinal(error)) return false;
    this.element.classList.remove('is-waiting');
    this.#notice.replaceChildren(
      alertBox(messageOfRetried(error), { text: words.tryNow, run: () => this.#poller.nudge() }),
    );
    return true;
  }

  /** Whether the error rules out a retry: the view is closed, or the job does not exist. */
  #isFinal(error: unknown): boolean {
    if (isAbort(error)) return true;
    if (!(error instanceof ApiError)) return false;
    if (error.kind === 'session') this.page.sessionEnded();
    else if (error.status === 404 || error.status === 403 || error.status === 400) this.#showMissing();
    else return false;
    return true;
  }

  #showMissing(): void {
    this.element.classList.remove('is-waiting');
    say(this.#title, words.missing);
    this.page.setTitle(words.missing);
    this.#chip.hidden = true;
    this.#remove.hidden = true;
    this.#archive.element.hidden = true;
    this.#again.hidden = true;
    this.#body.hidden = true;
    this.#lead.replace(words.missingWhy);
    this.#notice.replaceChildren(h('a', { href: '/', class: 'button' }, words.toJobs));
  }

  #show(job: Job): void {
    const before = this.#job;
    this.#job = job;
    this.#received = Date.now();
    if (before && !isFinished(before.state) && isFinished(job.state)) this.#notify(job);
    const name = job.source?.name || words.untitled;
    this.element.classList.remove('is-waiting');
    this.page.setTitle(name);
    say(this.#title, name);
    updateChip(this.#chip, job.state);
    this.#remove.hidden = false;
    this.#lead.update(job);
    this.#notice.replaceChildren(...(job.error ? [alertBox(job.error.message)] : []));
    this.#archive.show(job);
    this.#again.hidden = !isFinished(job.state) || !job.source?.url;
    this.#body.hidden = job.objects.length === 0 && !job.source;
    this.#showItems(job);
  }

  /** Shows a notification of the browser if the user is elsewhere. */
  #notify(job: Job): void {
    const path = jobPath(this.jobId);
    this.#notifications.show(job.source?.name || words.untitled, jobInWords(job), this.jobId, () => {
      if (window.location.pathname !== path) this.page.go(path);
    });
  }

  /** Shows the items, and the selected one on the stage. */
  #showItems(job: Job): void {
    const items = itemsOf(job);
    const key = items.some((item) => item.key === this.#selected) ? this.#selected : firstKey(job);
    const item = items.find((candidate) => candidate.key === key);
    if (!item) return;
    // Kept, although another object may be the first to succeed.
    if (job.objects.length > 0) this.#selected = item.key;
    this.#strip.update(items, item.key);
    this.#stage.update(job, item, this.#strip.idOf(item.key));
  }

  #choose(key: ItemKey): void {
    this.#selected = key;
    if (this.#job) this.#showItems(this.#job);
  }

  /** Reads the job again; null if it cannot be read, or no longer has the item. */
  async #freshFiles(key: ItemKey): Promise<readonly ResultFile[] | null> {
    try {
      const item = itemIn(await this.#read(), key);
      return item ? filesOf(item) : null;
    } catch (error) {
      this.#isFinal(error);
      return null;
    }
  }

  async #fileLink(key: ItemKey, format: string): Promise<string | null> {
    const linkIn = (files: readonly ResultFile[] | null): string | null =>
      files?.find((file) => file.format === format)?.url ?? null;
    const item = this.#job && itemIn(this.#job, key);
    const link = linkIn(item ? filesOf(item) : null);
    if (link !== null && isFresh(link, this.#received, Date.now())) return link;
    return linkIn(await this.#freshFiles(key));
  }

  async #askToDelete(): Promise<void> {
    const name = this.#job?.source?.name ?? words.thisJob;
    const yes = await confirmed({
      title: words.deleteTitle(name),
      text: words.deleteText,
      yes: words.delete,
    });
    if (yes) await this.#delete(name);
  }

  async #delete(name: string): Promise<void> {
    try {
      await this.page.api.deleteJob(this.jobId, this.#abort.signal);
      this.page.listing.remove(this.jobId);
      this.page.announce(words.deleted(name));
      this.page.back('/');
    } catch (error) {
      if (this.#isFinal(error)) return;
      this.#notice.replaceChildren(
        alertBox(messageOf(error), { text: words.tryAgain, run: () => void this.#delete(name) }),
      );
    }
  }
}
