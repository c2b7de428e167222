import type { Job, Scene } from '../api.ts';
import { fill, h, icon } from '../dom.ts';
import { stemOf } from '../takeaway/stem.ts';
import { TakeAway } from '../takeaway/TakeAway.ts';
import { Stage3D, type Staged } from './Stage3D.ts';
import { leftOutInWords } from './words.ts';

export interface SceneCardEvents {
  /** Returns a new link under which the viewer fetches the scene. */
  freshLink(): Promise<string | null>;
  /** Returns the link of a requested file, a new one if the old has expired. */
  fileLink(format: string): Promise<string | null>;
}

/** The viewer's camera for a scene: the front, as the photo shows it. */
const front = '0deg 90deg auto';

/** The objects of a job in their places in the photo, and their common files. */
export class SceneCard {
  readonly element: HTMLElement;
  readonly #stage: Stage3D;
  readonly #progress = h('div', { class: 'object-progress', role: 'status' });
  readonly #message = h('div', { class: 'notice' });
  readonly #files: TakeAway;

  constructor(events: SceneCardEvents) {
    this.#stage = new Stage3D(staged(null), events.freshLink, front);
    this.#files = new TakeAway({ fileLink: (format) => events.fileLink(format) });
    this.element = h(
      'article',
      { class: 'object-card scene-card', id: 'scene', 'aria-labelledby': 'scene-title', hidden: true },
      h('header', {}, icon('cube'), h('h2', { id: 'scene-title' }, 'Whole scene')),
      this.#stage.element,
      h('div', { class: 'object-body' }, this.#progress, this.#message, this.#files.element),
    );
  }

  update(job: Job): void {
    const { scene } = job;
    this.element.hidden = !scene;
    if (!scene) return;
    this.element.dataset.state = scene.state;
    this.#stage.element.hidden = !scene.files.some((file) => file.format === 'glb');
    if (!this.#stage.element.hidden) this.#stage.update(staged(scene));
    fill(this.#progress, ...(scene.state === 'making' ? ['Putting the objects together…'] : []));
    fill(this.#message, ...messages(job, scene));
    this.#files.show({ title: 'the whole scene', stem: stemOf(scene.files, 'scene'), files: scene.files });
  }

  dispose(): void {
    this.#stage.dispose();
    this.#files.dispose();
  }
}

/** A stage shows the scene like an object that has no number. */
const staged = (scene: Scene | null): Staged => ({
  index: 0,
  label: 'the whole scene',
  state: 'succeeded',
  files: scene?.files ?? [],
});

function messages(job: Job, scene: Scene): HTMLElement[] {
  const lines: HTMLElement[] = [];
  if (scene.error) lines.push(h('div', { class: 'alert' }, icon('warning'), h('p', {}, scene.error.message)));
  else if (scene.unplaced.length > 0)
    lines.push(h('p', { class: 'scene-note' }, leftOutInWords(job, scene.unplaced)));
  return lines;
}
