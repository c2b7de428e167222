const mask64 = (1n << 64n) - 1n;

/** The generator PCG-DXSM, with the sequence of Go's math/rand/v2: both models draw the same samples. */
export class Random {
  #high: bigint;
  #low: bigint;

  constructor(high: bigint, low: bigint) {
    this.#high = high;
    this.#low = low;
  }

  /** Returns a whole number from 0 to below n. */
  below(n: number): number {
    const bits = this.#next();
    if ((n & (n - 1)) === 0) return Number(bits & BigInt(n - 1));
    // Go repeats the draw in fewer than n of 2⁶⁴ cases.
    return Number((bits * BigInt(n)) >> 64n);
  }

  /** Returns a number from 0 to below 1. */
  share(): number {
    return Number(this.#next() & ((1n << 53n) - 1n)) / 2 ** 53;
  }

  #next(): bigint {
    const state =
      ((this.#high << 64n) | this.#low) * ((2549297995355413924n << 64n) | 4865540595714422341n) +
      ((6364136223846793005n << 64n) | 1442695040888963407n);
    this.#high = (state >> 64n) & mask64;
    this.#low = state & mask64;
    let bits = this.#high;
    bits ^= bits >> 32n;
    bits = (bits * 0xda942042e4dd58b5n) & mask64;
    bits ^= bits >> 48n;
    return (bits * (this.#low | 1n)) & mask64;
  }
}
