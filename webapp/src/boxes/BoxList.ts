import { type Box, fitInside, freeBox, sameBox, type Size } from './geometry.ts';

/** One object that the user marked. Its number is its place in the list, from 1. */
export interface Marked {
  readonly id: string;
  readonly box: Box;
  readonly label: string;
}

export interface BoxLimits {
  /** Most boxes. */
  readonly maxObjects: number;
  /** Fewest pixels a side. */
  readonly minBox: number;
}

/** Longest label, in characters, that a photo's metadata may carry. */
export const longestLabel = 40;

/** A label as it is kept: one line, no more than the longest. */
export const tidyLabel = (text: string): string =>
  [...text.replace(/\s+/g, ' ')].slice(0, longestLabel).join('');

/**
 * The boxes of one photo: what is drawn and what is listed both show this, and
 * change it only through here. Every box in it is lawful.
 */
export class BoxList {
  #items: readonly Marked[] = [];
  #past: (readonly Marked[])[] = [];
  #future: (readonly Marked[])[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #newId: () => string;

  constructor(
    readonly size: Size,
    readonly limits: BoxLimits,
    newId: () => string = () => crypto.randomUUID(),
  ) {
    this.#newId = newId;
  }

  get items(): readonly Marked[] {
    return this.#items;
  }

  get isFull(): boolean {
    return this.#items.length >= this.limits.maxObjects;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  get(id: string): Marked | undefined {
    return this.#items.find((item) => item.id === id);
  }

  /** Number from 1 of the box, 0 where there is none of that id. */
  numberOf(id: string): number {
    return this.#items.findIndex((item) => item.id === id) + 1;
  }

  /** Adds a box, or nothing when the list is full. */
  add(box: Box, label = '', id = this.#newId()): Marked | null {
    if (this.isFull) return null;
    const item = { id, box: fitInside(box, this.size, this.limits.minBox), label: tidyLabel(label) };
    this.#set([...this.#items, item], true);
    return item;
  }

  /** Begins with these boxes: there is nothing to undo. */
  begin(boxes: readonly { readonly box: Box; readonly label: string }[]): void {
    for (const { box, label } of boxes) this.add(box, label);
    this.#past = [];
  }

  /** Adds a box where there is room, for those who do not draw. */
  addFree(): Marked | null {
    const taken = this.#items.map((item) => item.box);
    return this.add(freeBox(taken, this.size, this.limits.minBox));
  }

  /** Moves or resizes a box. Steps of one gesture pass `again`, so that undo takes them back together. */
  place(id: string, box: Box, again = false): void {
    const item = this.get(id);
    const lawful = fitInside(box, this.size, this.limits.minBox);
    if (!item || sameBox(item.box, lawful)) return;
    this.#set(
      this.#items.map((other) => (other.id === id ? { ...other, box: lawful } : other)),
      !again,
    );
  }

  label(id: string, label: string): void {
    const tidy = tidyLabel(label);
    if (this.get(id)?.label === tidy) return;
    this.#set(
      this.#items.map((other) => (other.id === id ? { ...other, label: tidy } : other)),
      false,
    );
  }

  remove(id: string): void {
    if (this.get(id))
      this.#set(
        this.#items.filter((other) => other.id !== id),
        true,
      );
  }

  clear(): void {
    if (this.#items.length > 0) this.#set([], true);
  }

  /** Takes the last change back. Labels of boxes that stay are kept. */
  undo(): void {
    this.#step(this.#past, this.#future);
  }

  /** Makes the change again that was taken back last, until another one is made. */
  redo(): void {
    this.#step(this.#future, this.#past);
  }

  #step(from: (readonly Marked[])[], to: (readonly Marked[])[]): void {
    const wanted = from.pop();
    if (!wanted) return;
    to.push(this.#items);
    const labels = new Map(this.#items.map((item) => [item.id, item.label]));
    this.#set(
      wanted.map((item) => ({ ...item, label: labels.get(item.id) ?? item.label })),
      false,
    );
  }

  /** Calls back after every change, until the answer is called. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  #set(items: readonly Marked[], remember: boolean): void {
    if (remember) {
      this.#past = [...this.#past.slice(-49), this.#items];
      this.#future = [];
    }
    this.#items = items;
    for (const changed of this.#watchers) changed();
  }
}
