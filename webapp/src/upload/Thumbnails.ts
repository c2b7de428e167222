import { h } from '../dom.ts';

/** Longest side of a thumbnail in pixels of its file: twice that on the page. */
const side = 144;

/** Draws small pictures of photos, one after the other: decoding a large photo takes much memory. */
export class Thumbnails {
  readonly #drawn = new Map<string, HTMLCanvasElement>();
  #last: Promise<void> = Promise.resolve();

  /** Returns the canvas of a photo, which is drawn later and stays empty if it cannot be read. */
  of(id: string, file: Blob): HTMLCanvasElement {
    const known = this.#drawn.get(id);
    if (known) return known;
    const canvas = h('canvas', { width: 1, height: 1, 'aria-hidden': 'true' });
    this.#drawn.set(id, canvas);
    this.#last = this.#last.then(() => this.#draw(id, file, canvas)).catch(() => {});
    return canvas;
  }

  forget(id: string): void {
    this.#drawn.delete(id);
  }

  async #draw(id: string, file: Blob, canvas: HTMLCanvasElement): Promise<void> {
    if (!this.#drawn.has(id)) return;
    const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const scale = Math.min(1, side / Math.min(bitmap.width, bitmap.height));
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext('2d');
    if (context) {
      context.imageSmoothingQuality = 'high';
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    }
    bitmap.close();
  }
}
