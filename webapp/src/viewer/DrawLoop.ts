/** Draws a frame when something has moved, at most one per refresh of the screen. */
export class DrawLoop {
  #frame = 0;
  #last = 0;
  readonly #drawn: (() => void)[] = [];

  constructor(
    /** Draws; `seconds` have passed since the last frame of the same movement, 0 at its start. */
    private readonly draw: (seconds: number) => void,
  ) {}

  /** Asks for a frame. */
  request(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame((now) => {
      this.#frame = 0;
      const seconds = this.#last === 0 ? 0 : Math.min(0.1, (now - this.#last) / 1000);
      this.#last = now;
      this.draw(seconds);
      if (this.#frame === 0) this.#last = 0;
      for (const resolve of this.#drawn.splice(0)) resolve();
    });
  }

  /** Resolves when the next frame is drawn. */
  next(): Promise<void> {
    this.request();
    return new Promise((resolve) => this.#drawn.push(resolve));
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }
}
