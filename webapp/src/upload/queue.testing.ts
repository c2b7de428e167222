import type { QueuedPhoto } from './PhotoQueue.ts';

const photo = {
  file: new Blob([]),
  name: 'a.jpg',
  type: 'image/jpeg',
  width: 600,
  height: 400,
  alpha: false,
};

/** A photo that waits in the queue, without boxes. */
export const item = (id: string, addedAt: number, more: Partial<QueuedPhoto> = {}): QueuedPhoto => ({
  id,
  photo,
  addedAt,
  promised: null,
  sending: { step: 'idle' },
  boxes: [],
  selected: -1,
  options: null,
  ...more,
});
