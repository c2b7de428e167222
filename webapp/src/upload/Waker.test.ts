import { expect, it, vi } from 'vitest';
import { Waker } from './Waker.ts';

it('requests the start for each photo, at most once a minute', () => {
  const wake = vi.fn().mockResolvedValue(undefined);
  let now = 5;
  const waker = new Waker(wake, true, () => now);
  waker.photoChosen();
  now += 59_999;
  waker.photoChosen();
  expect(wake).toHaveBeenCalledTimes(1);
  now += 1;
  waker.photoChosen();
  expect(wake).toHaveBeenCalledTimes(2);
});

it('ignores a failure and does not repeat it', async () => {
  const wake = vi.fn().mockRejectedValue(new Error('refused'));
  new Waker(wake, true).photoChosen();
  // An unhandled rejection fails the test.
  await new Promise((resolve) => setTimeout(resolve));
  expect(wake).toHaveBeenCalledTimes(1);
});

it('requests nothing unless the service says so', () => {
  const wake = vi.fn();
  new Waker(wake).photoChosen();
  new Waker(wake, false).photoChosen();
  expect(wake).not.toHaveBeenCalled();
});
