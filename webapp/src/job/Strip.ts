import { fill, h, icon, say } from '../dom.ts';
import { updateChip } from '../jobs/chip.ts';
import { texts } from '../texts/texts.ts';
import { type Item, type ItemKey, pictureOf, stateOf } from './items.ts';
import { stageInWords } from './words.ts';

/** Below this width the strip is a row below the stage: job.css. */
const narrow = '(max-width: 900px)';

interface Tab {
  readonly element: HTMLButtonElement;
  readonly thumbnail: HTMLElement;
  readonly title: HTMLElement;
  readonly state: HTMLElement;
  picture: string;
}

/** The items of a job as tabs of the stage. Arrow keys, Home and End choose when a tab has the focus. */
export class Strip {
  readonly element = h('div', {
    class: 'item-strip',
    role: 'tablist',
    'aria-label': texts.job.items,
    on: { keydown: (event) => this.#press(event) },
  });
  readonly #tabs = new Map<ItemKey, Tab>();
  readonly #narrow = matchMedia(narrow);
  #selected: ItemKey | null = null;

  constructor(
    /** The id of the panel that the tabs control. */
    private readonly panel: string,
    private readonly choose: (key: ItemKey) => void,
  ) {
    this.#orient();
    this.#narrow.addEventListener('change', this.#orient);
  }

  /** The id of an item's tab, which labels the panel. */
  readonly idOf = (key: ItemKey): string => `tab-${key}`;

  update(items: readonly Item[], selected: ItemKey): void {
    for (const item of items) this.#show(item);
    const wanted = items.map((item) => this.#tabs.get(item.key)?.element);
    if (wanted.some((element, at) => element !== this.element.children[at])) fill(this.element, ...wanted);
    for (const [key, { element }] of this.#tabs) {
      element.setAttribute('aria-selected', String(key === selected));
      element.tabIndex = key === selected ? 0 : -1;
    }
    if (selected !== this.#selected) this.#reveal(this.#tabs.get(selected)?.element);
    this.#selected = selected;
  }

  destroy(): void {
    this.#narrow.removeEventListener('change', this.#orient);
  }

  /** Scrolls the strip to a tab, and not the page. */
  #reveal(tab: HTMLElement | undefined): void {
    if (!tab) return;
    const strip = this.element;
    strip.scrollTo({
      left: tab.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2,
      top: tab.offsetTop - (strip.clientHeight - tab.offsetHeight) / 2,
    });
  }

  readonly #orient = (): void => {
    this.element.setAttribute('aria-orientation', this.#narrow.matches ? 'horizontal' : 'vertical');
  };

  #show(item: Item): void {
    const tab = this.#tabs.get(item.key) ?? this.#make(item);
    say(tab.title, item.title);
    const state = stateOf(item);
    tab.state.hidden = state === null || state === 'succeeded';
    if (state !== null) updateChip(tab.state, state);
    if (item.kind === 'object') {
      const { object } = item;
      if (object.state === 'queued') say(tab.state, texts.job.inQueue);
      if (object.state === 'processing') say(tab.state, stageInWords(object.stage));
    }
    this.#showPicture(tab, pictureOf(item));
  }

  #showPicture(tab: Tab, url: string | undefined): void {
    const which = url?.split('?')[0] ?? '';
    if (!url || which === tab.picture) return;
    tab.picture = which;
    const image = h('img', { src: url, alt: '', decoding: 'async' });
    image.addEventListener('error', () => image.remove());
    tab.thumbnail.querySelector('img')?.remove();
    tab.thumbnail.prepend(image);
  }

  #make(item: Item): Tab {
    const [title, state] = [h('span', { class: 'tab-title', dir: 'auto' }), h('span', { class: 'chip' })];
    const picture =
      item.kind === 'object'
        ? h('span', { class: 'box-number' }, item.object.index)
        : icon(item.kind === 'photo' ? 'photo' : 'scene');
    const thumbnail = h('span', { class: 'tab-picture', 'aria-hidden': 'true' }, picture);
    const element = h(
      'button',
      {
        type: 'button',
        class: 'tab',
        role: 'tab',
        id: this.idOf(item.key),
        'aria-controls': this.panel,
        on: { click: () => this.choose(item.key) },
      },
      thumbnail,
      h('span', { class: 'tab-words' }, title, state),
    );
    const tab = { element, thumbnail, title, state, picture: '' };
    this.#tabs.set(item.key, tab);
    return tab;
  }

  #press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tabs = [...this.element.children] as HTMLElement[];
    const at = tabs.indexOf(document.activeElement as HTMLElement);
    const last = tabs.length - 1;
    const to = {
      ArrowDown: at === last ? 0 : at + 1,
      ArrowRight: at === last ? 0 : at + 1,
      ArrowUp: at === 0 ? last : at - 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    }[event.key];
    const tab = to === undefined ? undefined : tabs[to];
    if (!tab || at < 0) return;
    event.preventDefault();
    tab.focus();
    tab.click();
  }
}
