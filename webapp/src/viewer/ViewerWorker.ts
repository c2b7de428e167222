/** Draws apart from the page, on a canvas that the page has handed over. */

import type { FromViewer, Opening, Port, ToViewer } from './messages.ts';
import { serve } from './serve.ts';

self.addEventListener(
  'message',
  ({ data }: MessageEvent<Opening>) =>
    void serve(self as Port<ToViewer, FromViewer>, data.canvas, data.setup),
  { once: true },
);
