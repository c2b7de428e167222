import { ApiError, isAbort } from './api.ts';
import type { Question } from './confirm.ts';
import { h, icon } from './dom.ts';
import { alertBox, messageOf } from './messages.ts';
import { jobPath } from './router.ts';
import { texts } from './texts/texts.ts';
import { forgetDrafts, loadDrafts, stale } from './upload/drafts.ts';
import type { Desk } from './upload/bench.ts';
import type { Page, View } from './view.ts';

const words = texts.upload.again;

/**
 * The photo of an earlier job with what was marked on it, to be submitted again, with all objects or
 * only one. What is changed is kept as a draft of its own.
 */
export class AgainView implements View {
  readonly element: HTMLElement;
  readonly #notice = h('div', { class: 'notice' }, h('p', { role: 'status' }, words.loading));
  readonly #slot = h('div', { class: 'upload' });
  readonly #abort = new AbortController();
  #desk: Desk | null = null;

  constructor(
    private readonly page: Page,
    private readonly jobId: string,
    private readonly object?: number,
  ) {
    const title = object === undefined ? words.title : words.oneTitle(object);
    page.setTitle(title);
    this.element = h(
      'section',
      { class: 'upload', 'aria-labelledby': 'again-title' },
      h('a', { href: jobPath(jobId), class: 'back', 'data-back': true }, icon('back'), words.back),
      h('h1', { id: 'again-title', tabindex: '-1' }, title),
      this.#notice,
      this.#slot,
    );
    void this.#load();
  }

  async keep(): Promise<void> {
    await this.#desk?.keep();
  }

  leaving(): Question | null {
    return this.#desk?.leaving() ?? null;
  }

  destroy(): void {
    this.#abort.abort();
    this.#desk?.destroy();
  }

  /** The draft of this job or object. */
  get #draftId(): string {
    return [this.jobId, this.object].join(' ').trim();
  }

  async #load(): Promise<void> {
    const { page } = this;
    const { signal } = this.#abort;
    try {
      const { Desk, Earlier } = await import('./upload/bench.ts').catch(() => {
        throw new ApiError('network', texts.upload.view.unreachable);
      });
      const drafts = await loadDrafts(page.userId);
      const draft = drafts.find(({ id }) => id === this.#draftId);
      signal.throwIfAborted();
      const marked = draft
        ? null
        : await new Earlier(page.api, page.config.limits).read(this.jobId, this.object, signal);
      signal.throwIfAborted();
      this.#desk?.destroy();
      const desk = new Desk(page, {
        choose: null,
        opened: () => {},
        submitted: () => {},
        emptied: (isDamaged) => {
          if (!isDamaged) void this.#load();
        },
      });
      this.#desk = desk;
      this.#notice.replaceChildren(desk.notices);
      this.#slot.replaceChildren(desk.element);
      if (draft && !(await desk.restore([draft]))) {
        // It was submitted before the page was closed, or cannot be shown.
        await forgetDrafts(page.userId, draft.id);
        if (!signal.aborted) await this.#load();
      } else if (marked) {
        for (const { id } of stale(drafts, Date.now())) await forgetDrafts(page.userId, id);
        await desk.begin(this.#draftId, marked, this.object !== undefined);
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (isAbort(error)) return;
    if (error instanceof ApiError && error.kind === 'session') {
      this.page.sessionEnded();
      return;
    }
    const isFinal = error instanceof ApiError && error.kind === 'refused';
    const message = isFinal && error.status === 404 ? words.noJob : messageOf(error);
    const retry = { text: words.retry, run: () => void this.#load() };
    this.#notice.replaceChildren(
      isFinal ? alertBox(message) : alertBox(message, retry),
      ...(isFinal ? [h('a', { href: '/', class: 'button' }, words.choose)] : []),
    );
  }
}
