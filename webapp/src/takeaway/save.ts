import { h } from '../dom.ts';

/** How long a browser may take until it reads the file that it saves, in milliseconds. */
const readBy = 60_000;

/** Makes the browser save a file under a name. */
export function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  h('a', { href: url, download: name }).click();
  window.setTimeout(() => URL.revokeObjectURL(url), readBy);
}
