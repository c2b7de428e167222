/** Reads one splat and sorts it for the camera, apart from the page. */

import type { FromWorker, ToWorker } from './messages.ts';
import { backToFront } from './order.ts';
import { pack } from './packing.ts';
import { readPly } from './ply.ts';
import { readSpz } from './spz.ts';

let positions: Float32Array = new Float32Array(0);

function answer(message: FromWorker, ...moved: ArrayBuffer[]): void {
  self.postMessage(message, { transfer: moved });
}

async function open({ file, format }: Extract<ToWorker, { kind: 'open' }>): Promise<void> {
  try {
    const { positions: read, ...packed } = pack(format === 'spz' ? await readSpz(file) : readPly(file));
    positions = read;
    answer({ kind: 'opened', packed }, packed.words.buffer);
  } catch (error) {
    answer({ kind: 'refused', message: String(error) });
  }
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'open') {
    void open(data);
    return;
  }
  const order = backToFront(positions, data.direction);
  answer({ kind: 'sorted', order }, order.buffer);
});
