let drawing: boolean | null = null;

/** Whether this browser supports WebGL. */
export function canDraw3D(): boolean {
  drawing ??= tryDrawing();
  return drawing;
}

function tryDrawing(): boolean {
  try {
    const context = document.createElement('canvas').getContext('webgl2');
    context?.getExtension('WEBGL_lose_context')?.loseContext();
    return context !== null;
  } catch {
    return false;
  }
}
