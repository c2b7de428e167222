import { h, type IconName, icon } from '../dom.ts';
import { texts } from '../texts/texts.ts';

export interface ToolEvents {
  zoom(isIn: boolean): void;
  reset(): void;
  turntable(isOn: boolean): void;
  picture(): void;
}

const words = texts.viewer;

/** The buttons that act on the view of an object. */
export class Tools {
  readonly element: HTMLElement;
  readonly #turntable: HTMLButtonElement;

  constructor(events: ToolEvents, ...more: HTMLElement[]) {
    this.#turntable = tool(words.turntable, 'turntable', () => {
      const isOn = this.#turntable.getAttribute('aria-pressed') !== 'true';
      this.#turntable.setAttribute('aria-pressed', String(isOn));
      events.turntable(isOn);
    });
    this.#turntable.setAttribute('aria-pressed', 'false');
    this.element = h(
      'div',
      { class: 'tools', role: 'group', 'aria-label': words.tools },
      tool(words.zoomOut, 'minus', () => events.zoom(false)),
      tool(words.zoomIn, 'plus', () => events.zoom(true)),
      tool(words.reset, 'front', () => events.reset()),
      this.#turntable,
      ...more,
      tool(words.picture, 'camera', () => events.picture()),
    );
  }
}

/** A button with a drawing, which has its name as a label. */
export function tool(name: string, drawing: IconName, run: () => void): HTMLButtonElement {
  return h(
    'button',
    { type: 'button', class: 'tool', 'aria-label': name, title: name, on: { click: run } },
    icon(drawing),
  );
}
