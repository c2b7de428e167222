/**
 * Makes an element fill the screen. A browser that cannot, such as Safari on iPhones, lets it fill the
 * window; Escape ends both.
 */
export class FullScreen {
  #isFilling = false;

  constructor(
    private readonly element: HTMLElement,
    private readonly changed: (isOn: boolean) => void,
  ) {
    document.addEventListener('fullscreenchange', this.#announced);
    document.addEventListener('keydown', this.#pressed);
  }

  get isOn(): boolean {
    return this.#isFilling || document.fullscreenElement === this.element;
  }

  async toggle(): Promise<void> {
    if (document.fullscreenElement === this.element) await document.exitFullscreen();
    else if (this.#isFilling) this.#fill(false);
    else if (document.fullscreenEnabled) await this.element.requestFullscreen().catch(() => this.#fill(true));
    else this.#fill(true);
  }

  destroy(): void {
    document.removeEventListener('fullscreenchange', this.#announced);
    document.removeEventListener('keydown', this.#pressed);
    if (this.isOn && !this.#isFilling) void document.exitFullscreen();
    this.#fill(false);
  }

  #fill(is: boolean): void {
    if (is === this.#isFilling) return;
    this.#isFilling = is;
    document.documentElement.classList.toggle('has-full-window', is);
    this.#announced();
  }

  readonly #announced = (): void => {
    this.element.classList.toggle('is-full', this.isOn);
    this.changed(this.isOn);
  };

  readonly #pressed = ({ key }: KeyboardEvent): void => {
    if (key === 'Escape') this.#fill(false);
  };
}
