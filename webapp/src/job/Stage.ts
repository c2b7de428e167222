import type { Job, ResultFile } from '../api.ts';
import { h, icon, say } from '../dom.ts';
import { updateChip } from '../jobs/chip.ts';
import { stemOf } from '../takeaway/stem.ts';
import { save } from '../takeaway/save.ts';
import { TakeAway } from '../takeaway/TakeAway.ts';
import { texts } from '../texts/texts.ts';
import type { Look } from '../viewer/looks.ts';
import { paintBackdrop } from './backdrop.ts';
import { Choice } from './Choice.ts';
import { DetailsPanel } from './DetailsPanel.ts';
import { Disclosure } from './Disclosure.ts';
import { FullScreen } from './FullScreen.ts';
import { filesOf, type Item, type ItemKey, stateOf } from './items.ts';
import { LightPanel } from './LightPanel.ts';
import { MeshView } from './MeshView.ts';
import { PhotoOverlays } from './PhotoOverlays.ts';
import { PhotoView } from './PhotoView.ts';
import { Status } from './Status.ts';
import { looksOf } from './sources.ts';
import { Tools, tool } from './Tools.ts';

export interface StageEvents {
  /** Reads the job again; returns the new files of an item, null if they cannot be had. */
  freshFiles(key: ItemKey): Promise<readonly ResultFile[] | null>;
  /** Returns the download link of a file of an item, a new one if the old has expired. */
  fileLink(key: ItemKey, format: string): Promise<string | null>;
  /** The user has chosen an object in the photo. */
  picked(index: number): void;
  announce(message: string): void;
}

const words = texts.viewer;

/** The id of the stage, which the tabs control. */
export const stageId = 'stage';

/**
 * The stage: one item of a job, as large as the window. An object that has no mesh yet, or none, is shown
 * in the photo.
 */
export class Stage {
  readonly element: HTMLElement;
  readonly #title = h('h2', { dir: 'auto' });
  readonly #chip = h('span', { class: 'chip' });
  readonly #photo: PhotoView;
  readonly #mesh: MeshView;
  readonly #status = new Status();
  readonly #takeAway: TakeAway;
  readonly #detailsPanel = new DetailsPanel();
  readonly #details = new Disclosure(
    { text: texts.job.details, icon: 'info', isTextShown: false },
    this.#detailsPanel.element,
  );
  readonly #lightPanel = new LightPanel((lighting) => {
    this.element.dataset.background = lighting.background;
    this.#mesh.light(lighting);
  });
  readonly #light = new Disclosure(
    { text: words.light, icon: 'sun', isTextShown: false },
    this.#lightPanel.element,
  );
  readonly #looks: Choice<Look>;
  readonly #tools: Tools;
  readonly #overlays = new PhotoOverlays((overlays) => this.#photo.overlay(overlays));
  readonly #fullScreen: FullScreen;
  #job: Job | null = null;
  #item: Item | null = null;
  /** The way in which the user wants to see objects, if they have it. */
  #look: Look = 'textured';

  constructor(private readonly events: StageEvents) {
    this.#photo = new PhotoView({
      stale: () => void events.freshFiles('photo'),
      picked: (index) => events.picked(index),
    });
    this.#mesh = new MeshView({
      freshFiles: (key) => events.freshFiles(key),
      drawn: (isDrawn) => {
        this.element.classList.toggle('is-drawn', isDrawn);
        this.#tools.element.inert = !isDrawn;
      },
    });
    this.#takeAway = new TakeAway({ fileLink: (format) => this.#fileLink(format) });
    this.#looks = new Choice<Look>(
      words.views,
      words.looks,
      this.#look,
      (look) => {
        this.#look = look;
        this.#show();
      },
      false,
    );
    this.#looks.element.classList.add('looks');
    this.#tools = new Tools(
      {
        zoom: (isIn) => this.#mesh.zoom(isIn),
        reset: () => this.#mesh.frame(),
        turntable: (isOn) => this.#mesh.turntable(isOn),
        picture: () => void this.#savePicture(),
      },
      this.#light.element,
    );
    this.#tools.element.inert = true;
    const full = tool(words.fullScreen, 'expand', () => void this.#fullScreen.toggle());
    full.append(icon('shrink'));
    this.element = h(
      'section',
      { class: 'stage', id: stageId, role: 'tabpanel', 'data-background': 'auto' },
      h('div', { class: 'stage-view' }, this.#photo.element, this.#mesh.element),
      h(
        'div',
        { class: 'stage-head' },
        h('div', { class: 'stage-title' }, this.#title, this.#chip),
        h('div', { class: 'stage-actions' }, this.#takeAway.element, this.#details.element, full),
      ),
      h(
        'div',
        { class: 'stage-dock' },
        this.#status.element,
        this.#overlays.element,
        h('div', { class: 'stage-controls' }, this.#looks.element, this.#tools.element),
      ),
    );
    this.#fullScreen = new FullScreen(this.element, (isOn) => {
      full.setAttribute('aria-label', isOn ? words.leaveFullScreen : words.fullScreen);
      full.title = isOn ? words.leaveFullScreen : words.fullScreen;
      this.#mesh.allowScrolling(!isOn);
    });
    this.#photo.overlay(this.#overlays.overlays);
  }

  /** `tab` is the id of the item's tab. */
  update(job: Job, item: Item, tab: string): void {
    this.#job = job;
    this.#item = item;
    this.element.setAttribute('aria-labelledby', tab);
    this.element.dataset.kind = item.kind;
    say(this.#title, item.title);
    const state = stateOf(item);
    this.#chip.hidden = state === null || state === 'succeeded';
    if (state !== null) updateChip(this.#chip, state);
    const files = filesOf(item);
    const title = item.kind === 'scene' ? texts.job.sceneOwner : item.title;
    this.#takeAway.show({ title, stem: stemOf(files, item.kind === 'scene' ? 'scene' : title), files });
    this.#details.element.hidden = !this.#detailsPanel.update(item, job);
    this.#status.update(item, job, job.error);
    this.#show();
  }

  destroy(): void {
    this.#photo.destroy();
    this.#mesh.dispose();
    this.#status.destroy();
    this.#takeAway.dispose();
    for (const disclosure of [this.#details, this.#light]) disclosure.destroy();
    this.#fullScreen.destroy();
  }

  /** Shows the item as a photo or in 3D. */
  #show(): void {
    const [job, item] = [this.#job, this.#item];
    if (!job || !item) return;
    const files = filesOf(item);
    const preview = item.kind === 'object' ? item.object.preview : undefined;
    const isPhoto = item.kind === 'photo' || (stateOf(item) !== 'succeeded' && files.length === 0);
    const looks = looksOf(files);
    const look = looks.includes(this.#look) ? this.#look : (looks[0] ?? this.#look);
    this.element.classList.toggle('is-photo', isPhoto);
    this.#looks.offer(looks);
    this.#looks.element.hidden = looks.length < 2;
    this.#looks.value = look;
    this.#lightPanel.forSplat(look === 'splat');
    this.#overlays.element.hidden = item.kind !== 'photo';
    if (isPhoto) {
      this.#mesh.hide();
      const object = item.kind === 'object' ? item.object : null;
      // A photo on its own is looked at, and so is one in which no object was found.
      this.#photo.update(job, object?.index ?? null, !object || object.state === 'failed');
      return;
    }
    const front = item.kind === 'scene' ? 'photo' : 'object';
    this.#mesh.show({ key: item.key, title: item.title, files, preview, front }, look);
  }

  async #fileLink(format: string): Promise<string | null> {
    return this.#item ? this.events.fileLink(this.#item.key, format) : null;
  }

  async #savePicture(): Promise<void> {
    const title = this.#item?.title ?? '';
    const { background } = this.#lightPanel.lighting;
    try {
      const picture = await this.#mesh.picture((context, width, height) =>
        paintBackdrop(context, width, height, this.element, background),
      );
      save(picture, `${title}.png`);
    } catch {
      this.events.announce(words.pictureFailed);
    }
  }
}
