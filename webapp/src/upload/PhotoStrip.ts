import { h, icon, say } from '../dom.ts';
import { jobPath } from '../router.ts';
import { texts } from '../texts/texts.ts';
import { isBusy, isSent, type PhotoQueue, type QueuedPhoto } from './PhotoQueue.ts';
import { Thumbnails } from './Thumbnails.ts';

const words = texts.upload.queue;

export interface PhotoStripEvents {
  open(id: string): void;
  remove(id: string): void;
  sendAll(): void;
  stop(): void;
}

interface Tile {
  readonly element: HTMLElement;
  readonly open: HTMLButtonElement;
  readonly job: HTMLAnchorElement;
  readonly state: HTMLElement;
  readonly bar: HTMLProgressElement;
  readonly remove: HTMLButtonElement;
}

/** The photos of the queue as thumbnails, from two on, with the button that submits all. */
export class PhotoStrip {
  readonly element: HTMLElement;
  readonly #list: HTMLElement;
  readonly #tiles = new Map<string, Tile>();
  readonly #thumbnails = new Thumbnails();
  readonly #summary = h('p', { class: 'strip-summary', role: 'status' });
  readonly #send: HTMLButtonElement;
  readonly #stop: HTMLButtonElement;
  readonly #stopWatching: () => void;

  constructor(
    private readonly queue: PhotoQueue,
    private readonly events: PhotoStripEvents,
  ) {
    this.#list = h('ol', { class: 'strip', 'aria-label': words.photos });
    this.#send = h(
      'button',
      { type: 'button', class: 'button primary', on: { click: () => events.sendAll() } },
      '',
    );
    this.#stop = h(
      'button',
      { type: 'button', class: 'button', on: { click: () => events.stop() } },
      words.stop,
    );
    this.element = h(
      'div',
      { class: 'photo-queue' },
      h('p', { class: 'visually-hidden', id: 'strip-keys' }, words.keys),
      this.#list,
      h('div', { class: 'strip-actions' }, this.#summary, this.#stop, this.#send),
    );
    this.#stopWatching = queue.watch(() => this.#show());
    this.#show();
  }

  destroy(): void {
    this.#stopWatching();
  }

  /** Focuses the photo that is open, or the first. */
  focus(): void {
    const { open, items } = this.queue;
    const tile = this.#tiles.get((open ?? items[0])?.id ?? '');
    if (tile) (tile.open.hidden ? tile.job : tile.open).focus({ preventScroll: true });
  }

  #show(): void {
    const { items, unsent, open } = this.queue;
    this.element.hidden = items.length < 2 && unsent.length === items.length;
    for (const [id, tile] of this.#tiles) {
      if (this.queue.get(id)) continue;
      tile.element.remove();
      this.#tiles.delete(id);
      this.#thumbnails.forget(id);
    }
    if (!this.element.hidden) for (const [at, item] of items.entries()) this.#showTile(item, at);
    const waiting = unsent.filter((item) => !isBusy(item));
    const meshes = waiting.reduce((sum, { boxes }) => sum + Math.max(1, boxes.length), 0);
    this.#send.hidden = waiting.length < 2;
    this.#send.replaceChildren(icon('cube'), words.sendAll(waiting.length, meshes));
    this.#stop.hidden = !unsent.some(isBusy);
    say(this.#summary, summaryOf(items));
    // One tile is in the order of the Tab key; the arrow keys reach the others.
    const reached = open ?? items[0];
    for (const [id, tile] of this.#tiles) {
      const isReached = id === reached?.id;
      for (const part of [tile.open, tile.job]) part.tabIndex = isReached ? 0 : -1;
    }
  }

  #showTile(item: QueuedPhoto, at: number): void {
    let tile = this.#tiles.get(item.id);
    if (!tile) {
      tile = this.#makeTile(item);
      this.#tiles.set(item.id, tile);
    }
    if (this.#list.children[at] !== tile.element)
      this.#list.insertBefore(tile.element, this.#list.children[at] ?? null);
    const { name } = item.photo;
    const isOpen = item.id === this.queue.open?.id;
    const state = stateOf(item);
    const { sending } = item;
    tile.element.dataset.step = sending.step;
    tile.element.classList.toggle('is-open', isOpen);
    say(tile.state, state);
    const title = words.tile(name, at + 1, this.queue.items.length, state);
    tile.open.setAttribute('aria-label', title);
    if (isOpen) tile.open.setAttribute('aria-current', 'true');
    else tile.open.removeAttribute('aria-current');
    tile.open.hidden = isSent(item);
    tile.job.hidden = !isSent(item);
    if (sending.step === 'sent') {
      tile.job.href = jobPath(sending.jobId);
      tile.job.setAttribute('aria-label', words.job(name));
      tile.job.prepend(this.#thumbnails.of(item.id, item.photo.file));
    }
    tile.bar.hidden = sending.step !== 'sending';
    if (sending.step === 'sending') tile.bar.value = sending.share;
    tile.remove.setAttribute('aria-label', words.remove(name));
    tile.remove.hidden = isBusy(item);
  }

  #makeTile({ id, photo }: QueuedPhoto): Tile {
    const state = h('span', { class: 'strip-state' });
    const bar = h('progress', { max: 1, 'aria-hidden': 'true', hidden: true });
    const open = h(
      'button',
      {
        type: 'button',
        class: 'strip-photo',
        'aria-describedby': 'strip-keys',
        on: { click: () => this.events.open(id), keydown: (event) => this.#key(event, id) },
      },
      this.#thumbnails.of(id, photo.file),
    );
    const job = h('a', {
      class: 'strip-photo',
      href: '/',
      hidden: true,
      on: { keydown: (event) => this.#key(event, id) },
    });
    const remove = h(
      'button',
      {
        type: 'button',
        class: 'strip-remove',
        // The Delete key removes the photo; a second button a photo would double the Tab stops.
        tabindex: '-1',
        on: { click: () => this.events.remove(id) },
      },
      icon('close'),
    );
    const element = h(
      'li',
      { class: 'strip-tile' },
      open,
      job,
      remove,
      h('span', { class: 'strip-name', title: photo.name, dir: 'auto', 'aria-hidden': 'true' }, photo.name),
      state,
      bar,
    );
    return { element, open, job, state, bar, remove };
  }

  #key(event: KeyboardEvent, id: string): void {
    const { items } = this.queue;
    const at = items.findIndex((item) => item.id === id);
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      Home: 0,
      End: items.length - 1,
    };
    const to = items[steps[event.key] ?? -1];
    if (event.key in steps) {
      event.preventDefault();
      const tile = to && this.#tiles.get(to.id);
      if (tile) (tile.open.hidden ? tile.job : tile.open).focus();
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault();
      this.events.remove(id);
    }
  }
}

function stateOf({ sending, boxes }: QueuedPhoto): string {
  switch (sending.step) {
    case 'idle':
      return words.boxes(boxes.length);
    case 'next':
      return words.next;
    case 'sending':
      return words.sending(Math.floor(sending.share * 100));
    case 'waiting':
      return sending.until === 'place' ? words.place : words.offline;
    case 'failed':
      return words.failed;
    case 'sent':
      return words.sent;
  }
}

/** How many photos are sent, once one is submitted; nothing before. */
function summaryOf(items: readonly QueuedPhoto[]): string {
  const sent = items.filter(isSent).length;
  const failed = items.filter(({ sending }) => sending.step === 'failed').length;
  if (sent === items.length && sent > 0) return words.allSent(sent);
  if (sent === 0 && failed === 0 && !items.some(isBusy)) return words.count(items.length);
  const isFull = items.some(({ sending }) => sending.step === 'waiting' && sending.until === 'place');
  return words.progress(sent, items.length, failed) + (isFull ? ` ${words.full}` : '');
}
