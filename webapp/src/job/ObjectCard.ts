import type { Failure, JobObject } from '../api.ts';
import { fill, h, icon, say } from '../dom.ts';
import { costInWords, countInWords, durationInWords } from '../format.ts';
import { texts } from '../texts/texts.ts';
import { updateChip } from '../jobs/chip.ts';
import { FileLinks } from './FileLinks.ts';
import { type FreshLink, Stage3D } from './Stage3D.ts';
import { backendInWords, maskAdvice, stageInWords, stageShare, titleOf } from './words.ts';

export interface ObjectCardEvents {
  /** The address at which the object is submitted again. */
  readonly again: string;
  readonly freshLink: FreshLink;
  /** Returns the link of a requested file, a new one if the old has expired. */
  fileLink(index: number, format: string): Promise<string | null>;
  /** The pointer or the focus is on the card. */
  pointed(index: number | null): void;
}

/** The stages of an object in order: internal/job's Stage. */
const stages = ['fetch', 'mask', 'reconstruct', 'export'] as const;

/**
 * One object of a job: its mesh, its figures, and its files. It is updated in place as the object
 * progresses.
 */
export class ObjectCard {
  readonly element: HTMLElement;
  readonly #title = h('h2');
  readonly #chip = h('span', { class: 'chip' });
  readonly #stage: Stage3D;
  readonly #progress = h('div', { class: 'object-progress' });
  readonly #error = h('div', { class: 'notice' });
  readonly #advice = h('p', { class: 'advice' });
  readonly #again: HTMLAnchorElement;
  readonly #facts = h('dl', { class: 'facts' });
  readonly #files: FileLinks;
  #shown = '';

  constructor(object: JobObject, shared: Failure | undefined, events: ObjectCardEvents) {
    this.#stage = new Stage3D(object, events.freshLink);
    this.#files = new FileLinks((format) => events.fileLink(object.index, format));
    this.#again = h(
      'a',
      { class: 'button small', href: events.again, hidden: true },
      texts.upload.again.object,
    );
    const point = (index: number | null) => () => events.pointed(index);
    this.element = h(
      'article',
      {
        class: 'object-card',
        id: `object-${object.index}`,
        'aria-labelledby': `object-title-${object.index}`,
        on: {
          pointerenter: point(object.index),
          pointerleave: point(null),
          focusin: point(object.index),
          focusout: point(null),
        },
      },
      h(
        'header',
        {},
        h('span', { class: 'box-number', 'aria-hidden': 'true' }, object.index),
        this.#title,
        this.#chip,
      ),
      this.#stage.element,
      h(
        'div',
        { class: 'object-body' },
        this.#progress,
        this.#error,
        this.#advice,
        this.#again,
        this.#facts,
        this.#files.element,
        this.#files.trouble,
      ),
    );
    this.#title.id = `object-title-${object.index}`;
    this.update(object, shared);
  }

  /** `shared` is the failure that the page shows above all objects; it is not repeated here. */
  update(object: JobObject, shared: Failure | undefined): void {
    this.#stage.update(object);
    const now = JSON.stringify({
      ...object,
      shared: shared?.message,
      preview: null,
      mask: object.mask?.check,
      files: object.files.map((file) => [file.format, file.bytes]),
    });
    if (now === this.#shown) return;
    this.#shown = now;
    say(this.#title, titleOf(object));
    updateChip(this.#chip, object.state);
    this.element.dataset.state = object.state;
    this.#showProgress(object);
    this.#showError(object, shared);
    say(this.#advice, maskAdvice(object));
    this.#advice.hidden = maskAdvice(object) === '';
    this.#again.hidden = object.state !== 'failed' && !object.mask?.check;
    this.#showFacts(object);
    this.#files.show(object.files, titleOf(object));
  }

  dispose(): void {
    this.#stage.dispose();
  }

  #showProgress(object: JobObject): void {
    if (object.state === 'queued') fill(this.#progress, h('span', {}, 'Waiting to start'));
    else if (object.state === 'processing') {
      fill(
        this.#progress,
        h('span', {}, `${stageInWords(object.stage)}…`),
        h('progress', {
          max: 1,
          value: stageShare(object.stage),
          'aria-label': `Progress of ${titleOf(object)}`,
        }),
      );
    } else fill(this.#progress);
  }

  #showError({ state, error }: JobObject, shared: Failure | undefined): void {
    const message = error?.message ?? 'This object failed without a reason. Submit the photo again.';
    if (state !== 'failed' || message === shared?.message) fill(this.#error);
    else fill(this.#error, h('div', { class: 'alert' }, icon('warning'), h('p', {}, message)));
  }

  #showFacts(object: JobObject): void {
    const rows: { term: string; value: string; more?: string }[] = [];
    const { mesh, timing, cost, backend } = object;
    if (mesh) {
      rows.push({ term: 'Vertices', value: countInWords(mesh.vertices) });
      rows.push({ term: 'Faces', value: countInWords(mesh.faces) });
    }
    const total = timing?.total;
    if (total !== undefined) rows.push({ term: 'Time', value: durationInWords(total) });
    if (cost) rows.push({ term: 'Cost', value: costInWords(cost.usd) });
    if (backend && object.state === 'succeeded') {
      const spent = stages
        .filter((stage) => timing?.[stage] !== undefined)
        .map((stage) => `${stage} ${durationInWords(timing?.[stage] ?? 0)}`);
      if (cost) spent.push(`on ${cost.instanceType}`);
      rows.push({ term: 'Made by', value: backendInWords(backend), more: spent.join(' · ') });
    }
    fill(
      this.#facts,
      ...rows.map(({ term, value, more }) =>
        h(
          'div',
          { class: more === undefined ? 'fact' : 'fact wide' },
          h('dt', {}, term),
          h('dd', {}, value),
          more ? h('dd', { class: 'more' }, more) : null,
        ),
      ),
    );
    this.#facts.hidden = rows.length === 0;
  }
}
