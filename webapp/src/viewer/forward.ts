import type { PointerInput } from './Input.ts';

const pointerFields = [
  'pointerId',
  'pointerType',
  'button',
  'clientX',
  'clientY',
  'pageX',
  'pageY',
  'ctrlKey',
  'metaKey',
  'shiftKey',
] as const;
const wheelFields = ['deltaY', 'deltaMode', 'clientX', 'clientY', 'ctrlKey'] as const;

/**
 * Forwards what the user does to a canvas: pointers that are pressed on it, the wheel, and the control key,
 * which tells the wheel from a pinch. Ends with `signal`.
 */
export function forward(
  canvas: HTMLCanvasElement,
  send: (input: PointerInput) => void,
  signal: AbortSignal,
): void {
  const pressed = new Set<number>();
  const pass = <Name extends string>(
    event: Event & Record<Name, number | string | boolean>,
    names: readonly Name[],
  ): void =>
    send({
      type: event.type as PointerInput['type'],
      fields: Object.fromEntries(names.map((name) => [name, event[name]])),
    });
  const pointer = (event: PointerEvent): void => {
    const { type, pointerId } = event;
    if (type === 'pointerdown') {
      pressed.add(pointerId);
      canvas.setPointerCapture(pointerId);
    } else if (!pressed.has(pointerId)) return;
    if (type === 'pointerup' || type === 'pointercancel') pressed.delete(pointerId);
    pass(event, pointerFields);
  };
  for (const type of ['pointerdown', 'pointermove', 'pointerup', 'pointercancel'] as const)
    canvas.addEventListener(type, pointer, { signal });
  canvas.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      pass(event, wheelFields);
    },
    { signal, passive: false },
  );
  for (const type of ['keydown', 'keyup'] as const)
    document.addEventListener(
      type,
      (event) => {
        if (event.key === 'Control') pass(event, ['key']);
      },
      { signal, capture: true, passive: true },
    );
}
