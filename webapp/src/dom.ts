/** Creates elements without a framework. Strings become text nodes; markup cannot be passed. */

type Child = Node | string | number | null | undefined | false;

type Listeners = { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };

export type Attributes = {
  readonly on?: Listeners;
  readonly [name: string]: string | number | boolean | null | undefined | Listeners;
};

function apply(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'on' || value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const [type, listener] of Object.entries(attributes.on ?? {})) {
    element.addEventListener(type, listener as EventListener);
  }
}

/**
 * Creates an element with attributes (true sets an empty one, false and null none), listeners and
 * children.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  apply(element, attributes);
  fill(element, ...children);
  return element;
}

/** Replaces the children of an element. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(
    ...children
      .filter(
        (child): child is Node | string | number => child !== null && child !== undefined && child !== false,
      )
      .map((child) => (child instanceof Node ? child : String(child))),
  );
}

/** Sets the text of an element, unless it already has that text. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const outlines = {
  cube: 'M12 2.8 20 7.4v9.2l-8 4.6-8-4.6V7.4zM4 7.4l8 4.6 8-4.6M12 12v9.2',
  photo: 'M4 5h16v14H4zM4 16l4.5-4.5 3.5 3.5 3-3 5 5M15.5 9.5h.01',
  plus: 'M12 5v14M5 12h14',
  trash: 'M4 7h16M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.4L17.5 7M10.2 10.8v5.4M13.8 10.8v5.4',
  undo: 'M8.5 5 4.5 9l4 4M5 9h9a5.2 5.2 0 0 1 0 10.4h-3.5',
  redo: 'M15.5 5l4 4-4 4M19 9h-9a5.2 5.2 0 0 0 0 10.4h3.5',
  back: 'M14.5 5.5 8 12l6.5 6.5',
  download: 'M12 4v11M7.5 10.8 12 15.3l4.5-4.5M5 19.5h14',
  warning: 'M12 4.2 21 19.5H3zM12 10v4.2M12 16.9h.01',
  close: 'M6 6l12 12M18 6 6 18',
  upload: 'M12 16V5M7.5 9.2 12 4.7l4.5 4.5M4.5 15.5v4h15v-4',
  bell: 'M6.5 16.5v-6a5.5 5.5 0 0 1 11 0v6l1.5 1.5H5zM10 20.5h4',
  minus: 'M5 12h14',
  front: 'M4.5 4.5V9H9M4.9 9A8 8 0 1 1 4 12.5M12 9.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4',
  turntable:
    'M12 4v4M12 16.5V20M8.5 15.6C5.8 15 4 13.8 4 12.3 4 10 7.6 8.3 12 8.3s8 1.7 8 4c0 1.9-2.5 3.5-6 3.9M16 13.5l-2.3 2.7 2.9 2',
  sun: 'M12 8.2a3.8 3.8 0 1 1 0 7.6 3.8 3.8 0 0 1 0-7.6M12 3.2v2M12 18.8v2M3.2 12h2M18.8 12h2M5.8 5.8l1.4 1.4M16.8 16.8l1.4 1.4M18.2 5.8l-1.4 1.4M7.2 16.8l-1.4 1.4',
  camera: 'M4 8h3.5L9 5.5h6L16.5 8H20v10.5H4zM12 10a3 3 0 1 1 0 6 3 3 0 0 1 0-6',
  info: 'M12 3.8a8.2 8.2 0 1 1 0 16.4 8.2 8.2 0 0 1 0-16.4M12 11v5.2M12 7.9h.01',
  expand: 'M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5',
  shrink: 'M4 9h5V4M20 9h-5V4M4 15h5v5M20 15h-5v5',
  scene:
    'M12 3 7 6v5.5l5 3 5-3V6zM7 6l5 3 5-3M12 9v5.5M7 11.5 2.5 14v4L7 20.7l5-2.7 5 2.7 4.5-2.7v-4L17 11.5',
  edit: 'M4.5 19.5l1-4L16 5l3 3L8.5 18.5zM13.5 7.5l3 3',
  search: 'M10.8 4.5a6.3 6.3 0 1 1 0 12.6 6.3 6.3 0 0 1 0-12.6M15.4 15.4l4.6 4.6',
  signOut: 'M10 4.5H5v15h5M15.5 8l4 4-4 4M19 12H9.5',
} as const;

export type IconName = keyof typeof outlines;

/** A small line drawing next to a text, hidden from assistive technology. */
export function icon(name: IconName): SVGSVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  apply(svg, { viewBox: '0 0 24 24', class: `icon icon-${name}`, 'aria-hidden': 'true', focusable: 'false' });
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', outlines[name]);
  svg.append(path);
  return svg;
}
