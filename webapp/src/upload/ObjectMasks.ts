import type { BoxList } from '../boxes/BoxList.ts';
import { h } from '../dom.ts';
import type { MaskLayer, MaskTool, NetworkFinder } from '../masks/tools.ts';
import { texts } from '../texts/texts.ts';
import type { PhotoView } from '../zoom/PhotoView.ts';
import type { Photo } from './check.ts';

const words = texts.upload.workbench;

/** The tool for masks, in a separate chunk, which is needed only for a mask. */
const loadMaskTools = () => import('../masks/tools.ts');

export interface ObjectMasksEvents {
  /** A mask was opened for editing, or closed. */
  editing(isOpen: boolean): void;
  /** The user has closed the mask of an object. */
  closed(id: string): void;
  showStatus(message: string): void;
}

/** The masks of a photo's objects: all of them over the photo, or the tool for one. */
export class ObjectMasks {
  /** The place of the tool's buttons. */
  readonly bar = h('div', { class: 'mask-slot' });
  #finder: NetworkFinder | null = null;
  #layer: MaskLayer | null = null;
  #tool: MaskTool | null = null;
  /** The object whose mask was asked for last, until it is closed. */
  #wanted: string | null = null;
  #isDestroyed = false;

  constructor(
    private readonly photo: Photo,
    private readonly list: BoxList,
    /** The photo as it is shown, once boxes can be drawn on it. */
    private readonly view: Promise<PhotoView>,
    private readonly events: ObjectMasksEvents,
  ) {}

  /**
   * Opens the tool for the mask of an object as soon as boxes can be drawn, unless the user selects
   * another object or moves the focus before.
   */
  async open(id: string): Promise<void> {
    if (this.#wanted === id) return;
    this.#wanted = id;
    const focused = document.activeElement;
    const [tools, view] = await Promise.all([loadMaskTools().catch(() => null), this.view]);
    if (this.#isDestroyed || this.#wanted !== id) return;
    const hasMoved = ![focused, document.body].includes(document.activeElement);
    if (!tools || !this.list.get(id) || hasMoved) {
      this.#wanted = this.#tool?.id ?? null;
      if (!tools) this.events.showStatus(words.noMaskTool);
      return;
    }
    this.#tool?.destroy();
    this.#finder ??= new tools.NetworkFinder(this.photo.file, this.photo);
    this.#tool = new tools.MaskTool(view, this.list, id, this.#finder, {
      showStatus: (message) => this.events.showStatus(message),
      closed: () => {
        this.close();
        this.events.closed(id);
      },
    });
    this.events.editing(true);
    this.bar.replaceChildren(this.#tool.bar);
    this.show();
    this.#tool.begin();
  }

  /** Withdraws a mask that is still to be opened, unless it is the one of this object. */
  select(id: string | null): void {
    if (this.#wanted !== id) this.#wanted = this.#tool?.id ?? null;
  }

  close(): void {
    this.#wanted = null;
    this.#tool?.destroy();
    this.#tool = null;
    this.events.editing(false);
    this.bar.replaceChildren();
    this.show();
  }

  /** Shows the masks of all objects, except of the one whose mask is open. */
  show(): void {
    if (!this.#layer && !this.list.items.some(({ mask }) => mask)) return;
    Promise.all([loadMaskTools(), this.view]).then(
      ([{ MaskLayer }, view]) => {
        if (this.#isDestroyed) return;
        this.#layer ??= new MaskLayer(view, this.list.size);
        this.#layer.show(this.list.items, this.#tool?.id ?? null);
      },
      () => this.events.showStatus(words.noMasks),
    );
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#tool?.destroy();
    this.#layer?.destroy();
    this.#finder?.close();
  }
}
