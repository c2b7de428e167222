import { ApiError, isAbort, isFinished, type Job, type ResultFile } from '../api.ts';
import { confirmed } from '../confirm.ts';
import { h, icon, say } from '../dom.ts';
import { updateChip } from '../jobs/chip.ts';
import { browserSurroundings, type PollResult, Poller } from '../jobs/Poller.ts';
import { alertBox, messageOf, messageOfRetried } from '../messages.ts';
import { againPath, jobPath } from '../router.ts';
import { texts } from '../texts/texts.ts';
import type { Page, View } from '../view.ts';
import { isFresh } from '../links.ts';
import { JobLead } from './JobLead.ts';
import { Notifications } from './Notifications.ts';
import { ObjectCard } from './ObjectCard.ts';
import { PhotoPanel } from './PhotoPanel.ts';
import { SceneCard } from './SceneCard.ts';
import { viewLinkOf } from './Stage3D.ts';
import { hasMoved, jobInWords } from './words.ts';

/** One job: its photo, the progress of its objects, and their files. */
export class JobView implements View {
  readonly element: HTMLElement;
  readonly #title = h('h1', {}, 'Job');
  readonly #chip = h('span', { class: 'chip' });
  readonly #lead: JobLead;
  readonly #notice = h('div', { class: 'notice' });
  readonly #body = h('div', { class: 'job-body' });
  readonly #objects = h('div', { class: 'object-cards' });
  readonly #remove: HTMLButtonElement;
  readonly #again: HTMLAnchorElement;
  readonly #photo: PhotoPanel;
  readonly #scene: SceneCard;
  readonly #cards = new Map<number, ObjectCard>();
  readonly #poller: Poller;
  readonly #abort = new AbortController();
  readonly #notifications = new Notifications();
  #job: Job | null = null;
  #received = 0;
  #refresh: Promise<Job> | null = null;

  constructor(
    private readonly page: Page,
    private readonly jobId: string,
  ) {
    page.setTitle('Job');
    this.#lead = new JobLead((message) => page.announce(message), this.#notifications);
    this.#photo = new PhotoPanel(() => void this.#read().catch((error: unknown) => this.#failed(error)));
    this.#scene = new SceneCard({
      freshLink: () => this.#freshLink((job) => sceneFileIn(job, 'glb')?.viewUrl ?? null),
      fileLink: (format) => this.#fileLink((job) => sceneFileIn(job, format)?.url ?? null),
    });
    this.#objects.append(this.#scene.element);
    this.#remove = h(
      'button',
      {
        type: 'button',
        class: 'button small quiet',
        hidden: true,
        on: { click: () => void this.#askToDelete() },
      },
      icon('trash'),
      'Delete',
    );
    this.#again = h(
      'a',
      { class: 'button small', href: againPath(jobId), hidden: true },
      texts.upload.again.edit,
    );
    this.#body.append(
      h('div', { class: 'job-aside' }, this.#photo.element),
      h('section', { 'aria-label': 'Objects' }, this.#objects),
    );
    this.#body.hidden = true;
    this.element = h(
      'div',
      { class: 'job-page' },
      h('a', { href: '/', class: 'back', 'data-back': true }, icon('back'), 'All jobs'),
      h(
        'div',
        { class: 'job-head' },
        h('div', { class: 'job-title' }, this.#title, this.#chip),
        this.#again,
        this.#remove,
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
    this.#scene.dispose();
    for (const card of this.#cards.values()) card.dispose();
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
      alertBox(messageOfRetried(error), { text: 'Try now', run: () => this.#poller.nudge() }),
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
    say(this.#title, 'No such job');
    this.page.setTitle('No such job');
    this.#chip.hidden = true;
    this.#remove.hidden = true;
    this.#again.hidden = true;
    this.#body.hidden = true;
    this.#lead.replace('There is no job at this address. It was deleted, or it belongs to another account.');
    this.#notice.replaceChildren(h('a', { href: '/', class: 'button' }, 'Go to your jobs'));
  }

  #show(job: Job): void {
    const before = this.#job;
    this.#job = job;
    this.#received = Date.now();
    if (before && !isFinished(before.state) && isFinished(job.state)) this.#notify(job);
    const name = job.source?.name || 'Job';
    this.element.classList.remove('is-waiting');
    this.page.setTitle(name);
    say(this.#title, name);
    updateChip(this.#chip, job.state);
    this.#remove.hidden = false;
    this.#again.hidden = !job.source?.url;
    this.#lead.update(job);
    this.#notice.replaceChildren(...(job.error ? [alertBox(job.error.message)] : []));
    this.#photo.update(job);
    this.#showObjects(job);
    this.#body.hidden = job.objects.length === 0 && !job.source;
  }

  /** Shows a notification of the browser if the user is elsewhere. */
  #notify(job: Job): void {
    const path = jobPath(this.jobId);
    this.#notifications.show(job.source?.name || 'Job', jobInWords(job), this.jobId, () => {
      if (window.location.pathname !== path) this.page.go(path);
    });
  }

  #showObjects(job: Job): void {
    this.#scene.update(job);
    for (const object of job.objects) {
      const card = this.#cards.get(object.index);
      if (card) {
        card.update(object, job.error);
        continue;
      }
      const made = new ObjectCard(object, job.error, {
        again: againPath(this.jobId, object.index),
        freshLink: (index) => this.#freshLink((job) => viewLinkIn(job, index)),
        fileLink: (index, format) => this.#fileLink((job) => linkIn(job, index, format)),
        pointed: (index) => this.#photo.mark(index),
      });
      this.#cards.set(object.index, made);
      this.#objects.append(made.element);
    }
  }

  /** Returns a new link, or null if there is none; the object shows the reason. */
  async #freshLink(linkIn: (job: Job) => string | null): Promise<string | null> {
    try {
      return linkIn(await this.#read());
    } catch (error) {
      this.#isFinal(error);
      return null;
    }
  }

  async #fileLink(linkIn: (job: Job) => string | null): Promise<string | null> {
    const link = this.#job && linkIn(this.#job);
    if (link !== null && isFresh(link, this.#received, Date.now())) return link;
    return this.#freshLink(linkIn);
  }

  async #askToDelete(): Promise<void> {
    const name = this.#job?.source?.name ?? 'this job';
    const yes = await confirmed({
      title: `Delete ${name}?`,
      text: 'The photo and its meshes are permanently deleted.',
      yes: 'Delete',
    });
    if (yes) await this.#delete(name);
  }

  async #delete(name: string): Promise<void> {
    try {
      await this.page.api.deleteJob(this.jobId, this.#abort.signal);
      this.page.listing.remove(this.jobId);
      this.page.announce(`${name} deleted.`);
      this.page.back('/');
    } catch (error) {
      if (this.#isFinal(error)) return;
      this.#notice.replaceChildren(
        alertBox(messageOf(error), { text: 'Try again', run: () => void this.#delete(name) }),
      );
    }
  }
}

function sceneFileIn(job: Job, format: string): ResultFile | undefined {
  return job.scene?.files.find((file) => file.format === format);
}

function linkIn(job: Job, index: number, format: string): string | null {
  const object = job.objects.find((candidate) => candidate.index === index);
  return object?.files.find((file) => file.format === format)?.url ?? null;
}

function viewLinkIn(job: Job, index: number): string | null {
  const object = job.objects.find((candidate) => candidate.index === index);
  return object ? viewLinkOf(object) : null;
}
