import type { Mask } from '../masks/Mask.ts';
import type { Painting } from '../masks/Painting.ts';
import type { Point } from '../masks/Point.ts';
import { type Box, fitInside, freeBox, sameBox, type Size } from './geometry.ts';

/** What the user has set and seen of an object's mask. */
export interface MaskMarks {
  readonly points: readonly Point[];
  readonly painting: Painting | null;
  /** The mask as it is shown and sent; null to let the model find it. */
  readonly mask: Mask | null;
}

export const noMask: MaskMarks = { points: [], painting: null, mask: null };

/** What the user marked of an object. */
export interface Marking extends MaskMarks {
  readonly box: Box;
  readonly label: string;
}

/** One object that the user marked. Its number is its position in the list, from 1. */
export interface Marked extends Marking {
  readonly id: string;
}

export interface BoxLimits {
  /** Maximum number of boxes. */
  readonly maxObjects: number;
  /** Minimum side in pixels. */
  readonly minBox: number;
}

/** Maximum length of a label in characters, as the photo's metadata allows. */
export const longestLabel = 40;

/** Normalizes a label: one line, cut to the maximum length. */
export const tidyLabel = (text: string): string =>
  [...text.replace(/\s+/g, ' ')].slice(0, longestLabel).join('');

/**
 * The boxes of one photo. The drawing and the list both render it and change it only through its
 * methods. Every box in it is valid.
 */
export class BoxList {
  #items: readonly Marked[] = [];
  #past: (readonly Marked[])[] = [];
  #future: (readonly Marked[])[] = [];
  readonly #listeners = new Set<() => void>();
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

  /** Returns the number of the box, from 1, or 0 if no box has that id. */
  numberOf(id: string): number {
    return this.#items.findIndex((item) => item.id === id) + 1;
  }

  /** Adds a box, unless the list is full. */
  add(box: Box, label = '', id = this.#newId()): Marked | null {
    if (this.isFull) return null;
    const item = {
      ...noMask,
      id,
      box: fitInside(box, this.size, this.limits.minBox),
      label: tidyLabel(label),
    };
    this.#set([...this.#items, item], true);
    return item;
  }

  /** Replaces all boxes and clears the history. */
  begin(boxes: readonly (Pick<Marking, 'box' | 'label'> & Partial<MaskMarks>)[]): void {
    for (const { box, label, ...marks } of boxes) {
      const added = this.add(box, label);
      if (added) this.mark(added.id, { ...noMask, ...marks });
    }
    this.#past = [];
  }

  /** Adds a box in a free position, for users who do not draw. */
  addFree(): Marked | null {
    const taken = this.#items.map((item) => item.box);
    return this.add(freeBox(taken, this.size, this.limits.minBox));
  }

  /**
   * Moves or resizes a box, and forgets its mask, which was another object's. Steps of one gesture
   * pass `again`, so that one undo reverts them.
   */
  place(id: string, box: Box, again = false): void {
    const item = this.get(id);
    const valid = fitInside(box, this.size, this.limits.minBox);
    if (!item || sameBox(item.box, valid)) return;
    this.#set(
      this.#items.map((other) => (other.id === id ? { ...other, ...noMask, box: valid } : other)),
      !again,
    );
  }

  /** Changes an object's points and mask, and its box if there is one in `marks`, as one step. */
  mark(id: string, marks: Partial<MaskMarks & { readonly box: Box }>, again = false): void {
    const box = marks.box ? { box: fitInside(marks.box, this.size, this.limits.minBox) } : {};
    if (this.get(id))
      this.#set(
        this.#items.map((other) => (other.id === id ? { ...other, ...marks, ...box } : other)),
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

  /** Reverts the last change. Labels of boxes that remain are kept. */
  undo(): void {
    this.#step(this.#past, this.#future);
  }

  /** Repeats the change that was undone last, unless another change was made since. */
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

  /** Calls back after every change, until the returned function is called. */
  watch(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  #set(items: readonly Marked[], remember: boolean): void {
    if (remember) {
      this.#past = [...this.#past.slice(-49), this.#items];
      this.#future = [];
    }
    this.#items = items;
    for (const changed of this.#listeners) changed();
  }
}
