/** A heap of ways to raster points, from which the shortest is taken first. */
export class Ways {
  #lengths = new Float32Array(256);
  #ends = new Int32Array(256);
  #size = 0;
  /** Of the way taken last. */
  length = 0;
  end = 0;

  push(length: number, end: number): void {
    if (this.#size === this.#lengths.length) this.#grow();
    let i = this.#size;
    this.#size += 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((this.#lengths[parent] as number) <= length) break;
      this.#move(parent, i);
      i = parent;
    }
    this.#lengths[i] = length;
    this.#ends[i] = end;
  }

  /** Takes the shortest way; false if there is none. */
  take(): boolean {
    if (this.#size === 0) return false;
    this.length = this.#lengths[0] as number;
    this.end = this.#ends[0] as number;
    this.#size -= 1;
    const last = this.#size;
    const length = this.#lengths[last] as number;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= last) break;
      if (child + 1 < last && (this.#lengths[child + 1] as number) < (this.#lengths[child] as number))
        child += 1;
      if ((this.#lengths[child] as number) >= length) break;
      this.#move(child, i);
      i = child;
    }
    this.#lengths[i] = length;
    this.#ends[i] = this.#ends[last] as number;
    return true;
  }

  #move(from: number, to: number): void {
    this.#lengths[to] = this.#lengths[from] as number;
    this.#ends[to] = this.#ends[from] as number;
  }

  #grow(): void {
    const [lengths, ends] = [this.#lengths, this.#ends];
    this.#lengths = new Float32Array(lengths.length * 2);
    this.#ends = new Int32Array(ends.length * 2);
    this.#lengths.set(lengths);
    this.#ends.set(ends);
  }
}
