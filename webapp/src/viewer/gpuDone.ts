/** Milliseconds between two questions to the GPU. */
const pause = 10;

export const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, pause));

/**
 * Waits until the GPU has done all that it was asked for; the page goes on meanwhile. An answer that the
 * page needs at once would be given only then. Also returns when the context is lost.
 */
export async function gpuDone(gl: WebGL2RenderingContext): Promise<void> {
  const done = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  gl.flush();
  while (done && !gl.isContextLost() && gl.getSyncParameter(done, gl.SYNC_STATUS) !== gl.SIGNALED)
    await rest();
  gl.deleteSync(done);
}
