import { save } from '../save.ts';

/** Where a zip file is written to. */
export interface Sink {
  /** Writes all of the stream. Rejects if the stream fails or cannot be written; nothing is left then. */
  write(stream: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void>;
}

/** https://developer.mozilla.org/docs/Web/API/Window/showSaveFilePicker */
interface WithPicker {
  showSaveFilePicker?(options: {
    suggestedName: string;
    types: { description: string; accept: Record<string, string[]> }[];
  }): Promise<FileSystemFileHandle & { remove?(): Promise<void> }>;
}

/** Whether the browser can write a file to disk as it comes, at a place that the user chooses. */
export const canStreamToDisk = (): boolean => 'showSaveFilePicker' in window;

/**
 * Asks the user for a place, where the browser can; else the browser holds the file in memory until
 * it is complete. Returns null if the user chooses none. Must be called by a click's handler.
 */
export async function chooseSink(name: string): Promise<Sink | null> {
  const page = window as WithPicker;
  try {
    const handle = await page.showSaveFilePicker?.({
      suggestedName: name,
      types: [{ description: 'Zip', accept: { 'application/zip': ['.zip'] } }],
    });
    return handle ? new Disk(handle) : new Memory(name);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    throw error;
  }
}

class Memory implements Sink {
  constructor(private readonly name: string) {}

  async write(stream: ReadableStream<Uint8Array>): Promise<void> {
    const headers = { 'Content-Type': 'application/zip' };
    save(
      await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>, { headers }).blob(),
      this.name,
    );
  }
}

class Disk implements Sink {
  constructor(private readonly handle: FileSystemFileHandle & { remove?(): Promise<void> }) {}

  async write(stream: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
    try {
      const file = await this.handle.createWritable();
      await (stream as ReadableStream<Uint8Array<ArrayBuffer>>).pipeTo(file, { signal });
    } catch (error) {
      await this.#remove().catch(() => {});
      throw error;
    }
  }

  /** Removes the empty file that the picker made. What has content is not of this download. */
  async #remove(): Promise<void> {
    const { size } = await this.handle.getFile();
    if (size === 0) await this.handle.remove?.();
  }
}
