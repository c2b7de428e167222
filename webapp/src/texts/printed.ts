/** Samples of the parameters that are not numbers, by their names in en.ts. */
const samples: Readonly<Record<string, unknown>> = {
  action: 'Edit mask',
  ago: '5 minutes ago',
  box: { x0: 10, y0: 20, x1: 310, y1: 220 },
  bytes: '20 MB',
  code: 'AccessDenied',
  deleted: 'coffee.jpg deleted.',
  exact: '20,971,521 bytes',
  figure: '50',
  format: 'USDZ',
  kind: 'HEIC',
  label: 'cup',
  limit: '20 MB',
  name: 'coffee.jpg',
  names: ['1 cup/mesh.glb', '2 saucer/mesh.glb'],
  pixels: '50 megapixels',
  quality: 'standard',
  received: '1.5 MB',
  rounded: '20 MB',
  size: '21 MB',
  state: '2 boxes',
  time: '3:05 PM',
  title: 'cup',
  titles: 'cup and saucer',
  triangles: '50,000',
  type: 'PNG',
  types: 'PNG, JPEG or WebP',
};

/** Numbers that choose between the forms of a text. */
const numbers = [1, 3, 0];

type Text = (...values: unknown[]) => unknown;

/**
 * Returns every text of a language as lines of "path: text", for someone to read. A text that is a
 * function is called with samples and has a line for each of its forms.
 */
export function printed(texts: object, path = ''): string[] {
  return Object.entries(texts).flatMap(([key, value]: [string, unknown]) => {
    const at = path ? `${path}.${key}` : key;
    if (typeof value === 'string') return [`${at}: ${value}`];
    if (typeof value !== 'function') return printed(value as object, at);
    return formsOf(value as Text, at).flatMap((form) =>
      typeof form === 'string' ? [`${at}: ${form}`] : printed(form as object, at),
    );
  });
}

/** The different results of a text for one, several, none, and for both values of a condition. */
function formsOf(text: Text, path: string): unknown[] {
  const parameters = parametersOf(text);
  const forms = new Map<string, unknown>();
  for (const number of numbers)
    for (const condition of [true, false]) {
      const form = text(...parameters.map((name) => sampleOf(name, path, number, condition)));
      const shown = JSON.stringify(form);
      // A form for none is of interest only if it is another than that with the number 0.
      if (number !== 0 || !shown.includes('0')) forms.set(shown, form);
    }
  return [...forms.values()];
}

function sampleOf(name: string, path: string, number: number, condition: boolean): unknown {
  if (path === 'job.stageTimes') return ['fetch 0.2 s', 'mask 1.6 s'];
  if (/^(is|are|has)[A-Z]|^one$/.test(name)) return condition;
  return samples[name] ?? number;
}

/** The names of a function's parameters, which its source begins with. */
function parametersOf(text: Text): string[] {
  const list = /^\(?([^()=]*)\)?\s*=>/.exec(String(text))?.[1] ?? '';
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
