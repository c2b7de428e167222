import { h, say } from '../dom.ts';
import { texts } from '../texts/texts.ts';
import { type Background, type Environment, exposureRange } from '../viewer/looks.ts';
import { Choice } from './Choice.ts';

/** How the stage lights what it shows, and what is behind it. */
export interface Lighting {
  readonly environment: Environment;
  /** In photographic stops. */
  readonly exposure: number;
  readonly background: Background;
}

const words = texts.viewer;

/** The settings of the light: the same for every object that the page shows. */
export class LightPanel {
  readonly element: HTMLElement;
  readonly #note = h('p', { class: 'panel-note', hidden: true }, words.splatHasItsLight);
  readonly #environment: Choice<Environment>;
  #lighting: Lighting = { environment: 'studio', exposure: 0, background: 'auto' };

  constructor(private readonly changed: (lighting: Lighting) => void) {
    this.#environment = new Choice(words.environment, words.environments, 'studio', (environment) =>
      this.#set({ environment }),
    );
    const stops = h('output', { for: 'exposure' }, words.stops(0));
    const exposure = h('input', {
      type: 'range',
      id: 'exposure',
      min: exposureRange.least,
      max: exposureRange.most,
      step: exposureRange.step,
      value: 0,
    });
    exposure.addEventListener('input', () => {
      const value = Number(exposure.value);
      exposure.setAttribute('aria-valuetext', words.stops(value));
      say(stops, words.stops(value));
      this.#set({ exposure: value });
    });
    const background = new Choice<Background>(words.background, words.backgrounds, 'auto', (chosen) =>
      this.#set({ background: chosen }),
    );
    this.element = h(
      'div',
      { class: 'panel panel-light', role: 'group', 'aria-label': words.light },
      h('div', { class: 'panel-row' }, h('label', { for: 'exposure' }, words.exposure), stops),
      exposure,
      this.#environment.element,
      this.#note,
      background.element,
    );
  }

  get lighting(): Lighting {
    return this.#lighting;
  }

  /** Says what has no effect on a splat. */
  forSplat(isSplat: boolean): void {
    this.#environment.element.disabled = isSplat;
    this.#note.hidden = !isSplat;
  }

  #set(change: Partial<Lighting>): void {
    this.#lighting = { ...this.#lighting, ...change };
    this.changed(this.#lighting);
  }
}
