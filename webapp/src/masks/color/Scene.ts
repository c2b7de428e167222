import { type Box, heightOf, widthOf } from '../../boxes/geometry.ts';
import { rowsOf } from './band.ts';
import { featureSize, Mixture } from './mixture.ts';
import { dualOf, outline } from './outline.ts';
import { toOkLab } from './okLab.ts';
import { crop, inside as opaque, type Picture } from './Picture.ts';
import type { Seed } from './seeds.ts';
import { resample } from './resample.ts';
import { Ways } from './Ways.ts';

// The parameters of model-image/server/mask/colormodel.go and seeds.go.
const fitWeight = 0.09;
const fitClip = 5;
const placePrior = 0.7;
const smoothEdge = 0.06;
const placeWeight = 12;
const fullMargin = 0.25;
const certain = 3.5;
const coarseSteps = 40;
const seedRadius = 1.5;
const seedStrength = 7;
const seedReach = 0.3;
const seedSpread = 3;
const seedColor = 9;
const seedBarrier = 50;
const seedOpen = 1;
const wayEdge = 50;

/** The color of transparent pixels, which is far from every color that can be seen. */
const transparent = [50, 100, 100];

const f = Math.fround;

/** What a scene has learned. */
export interface Learned {
  readonly object: Mixture;
  readonly surroundings: Mixture;
  /** 0 to 1 for each point; one half and more is inside. */
  readonly inside: Float32Array;
}

/** The part of a photo around a box, at one resolution. */
export class Scene {
  /** Five numbers a point: OKLab times 100, and the position. */
  readonly features: Float32Array;
  /** The part of the photo at this resolution. */
  readonly pixels: Uint8ClampedArray;
  /** 0 in the box's center, 1 on the ellipse that fills it. */
  readonly #place: Float32Array;
  /** 1 if the point certainly belongs to the object, -1 if it does not. */
  known: Int8Array;
  /** How strongly the user's points speak for each point, in nats. */
  support: Float32Array;
  /** The dual variables of the outline, which remain from call to call. */
  px: Float32Array;
  py: Float32Array;
  readonly #across: Float32Array;
  readonly #down: Float32Array;

  constructor(
    picture: Picture,
    readonly part: Box,
    box: Box,
    readonly width: number,
    readonly height: number,
  ) {
    const count = width * height;
    this.features = new Float32Array(count * featureSize);
    this.#place = new Float32Array(count);
    this.known = new Int8Array(count);
    this.support = new Float32Array(count);
    this.px = dualOf(width, height);
    this.py = dualOf(width, height);
    // Positions only help if the surroundings are visible on all sides.
    const outside = 1 - (widthOf(box) * heightOf(box)) / (widthOf(part) * heightOf(part));
    const placeScale = placeWeight * Math.min(1, outside / fullMargin);
    this.pixels = crop(picture, part, width, height);
    const { features, pixels } = this;
    for (let y = 0; y < height; y += 1) {
      const dy = ((part.y0 + ((y + 0.5) * heightOf(part)) / height - box.y0) / heightOf(box)) * 2;
      for (let x = 0; x < width; x += 1) {
        const i = y * width + x;
        const dx = ((part.x0 + ((x + 0.5) * widthOf(part)) / width - box.x0) / widthOf(box)) * 2;
        const at = i * featureSize;
        const [pixel, alpha] = [i * 4, pixels[i * 4 + 3] as number];
        if (alpha < opaque) features.set(transparent, at);
        else
          toOkLab(
            pixels[pixel] as number,
            pixels[pixel + 1] as number,
            pixels[pixel + 2] as number,
            features,
            at,
          );
        features[at + 3] = (dx - 1) * placeScale;
        features[at + 4] = (dy - 1) * placeScale;
        this.#place[i] = Math.sqrt((dx - 1) * (dx - 1) + (dy - 1) * (dy - 1));
        if (dx < 0 || dx > 2 || dy < 0 || dy > 2 || alpha < opaque) this.known[i] = -1;
      }
    }
    [this.#across, this.#down] = this.#edges();
  }

  get count(): number {
    return this.width * this.height;
  }

  /** An ellipse that fills most of the box. */
  firstGuess(): Float32Array {
    return this.#place.map((place, i) => ((this.known[i] as number) >= 0 && place < f(0.9) ? 1 : 0));
  }

  /** Fits mixtures and outline alternately. */
  refine(guess: Float32Array, rounds: number): Learned {
    const all = rowsOf(this.width, this.height);
    let learned: Learned | null = null;
    for (let round = 0; round < rounds; round += 1) {
      const before: Float32Array = learned?.inside ?? guess;
      const [object, surroundings] = this.#learn(before);
      const fit = this.fit(object, surroundings, all);
      learned = { object, surroundings, inside: this.outline(fit, before, all, coarseSteps) };
      if (isSame(before, learned.inside)) break;
    }
    if (!learned) throw new RangeError('no rounds');
    return learned;
  }

  /** Corrects what was found by one more point of the user. */
  follow(seed: Seed, found: Float32Array, rounds: number): Learned {
    this.fix([seed]);
    const depth = this.#depth(seed, found);
    this.#supportBy(seed, this.#reach(depth));
    const rest = seed.isInside ? found : this.#without(seed, depth, found);
    const guess = rest.map((v, i) => {
      const known = this.known[i] as number;
      const support = this.support[i] as number;
      if (known > 0 || support > certain) return 1;
      return known < 0 || support < -certain ? 0 : v;
    });
    return this.refine(guess, rounds);
  }

  /** Makes the seeds certain, and the points of the same color next to them. */
  fix(seeds: readonly Seed[]): void {
    const reach = Math.ceil(seedRadius);
    for (const seed of seeds) {
      const [x0, y0] = [seed.at % this.width, Math.floor(seed.at / this.width)];
      for (let y = Math.max(0, y0 - reach); y <= Math.min(this.height - 1, y0 + reach); y += 1) {
        for (let x = Math.max(0, x0 - reach); x <= Math.min(this.width - 1, x0 + reach); x += 1) {
          const i = y * this.width + x;
          if (Math.hypot(x - x0, y - y0) <= seedRadius && this.#differs(i, seed) < seedColor * seedColor)
            this.known[i] = seed.isInside ? 1 : -1;
        }
      }
    }
    for (const seed of seeds) this.known[seed.at] = seed.isInside ? 1 : -1;
  }

  /** How much better the colors on each side fit the mixture of their side than the other, in nats. */
  separation(inside: Float32Array): number {
    const bare = this.features.slice();
    for (let at = 0; at < bare.length; at += featureSize) bare.fill(0, at + 3, at + 5);
    const [object, surroundings] = this.#learn(inside, bare);
    if (object.isEmpty || surroundings.isEmpty) return 0;
    let [sumIn, sumOut, countIn, countOut] = [0, 0, 0, 0];
    for (let i = 0; i < this.count; i += 1) {
      const better = clip(
        object.logDensity(bare, i * featureSize) - surroundings.logDensity(bare, i * featureSize),
        fitClip,
      );
      if ((inside[i] as number) >= 0.5 && (this.known[i] as number) >= 0) {
        sumIn += better;
        countIn += 1;
      } else {
        sumOut -= better;
        countOut += 1;
      }
    }
    return (sumIn / Math.max(countIn, 1) + sumOut / Math.max(countOut, 1)) / 2;
  }

  /** How much better each point of some runs fits the surroundings than the object, in weighted nats. */
  fit(object: Mixture, surroundings: Mixture, runs: Int32Array): Float32Array {
    const { features, known, support } = this;
    const place = this.#place;
    const fit = new Float32Array(this.count);
    for (let r = 0; r < runs.length; r += 2) {
      const end = runs[r + 1] as number;
      for (let i = runs[r] as number; i < end; i += 1) {
        const certainly = known[i] as number;
        if (certainly !== 0) {
          fit[i] = -certainly * fitClip * 4 * fitWeight;
          continue;
        }
        const at = i * featureSize;
        const v =
          surroundings.logDensity(features, at) -
          object.logDensity(features, at) +
          placePrior * clip(2 * ((place[i] as number) - 0.75), 1);
        fit[i] = (clip(v, fitClip) - (support[i] as number)) * fitWeight;
      }
    }
    return fit;
  }

  /** Returns the values that minimize fit and length of the outline; only the runs of `band` change. */
  outline(fit: Float32Array, guess: Float32Array, band: Int32Array, steps: number): Float32Array {
    const { width, px, py } = this;
    return outline({ width, across: this.#across, down: this.#down, px, py }, fit, guess, band, steps);
  }

  /** Takes over the dual variables of another scene of the photo, for an outline in fewer steps. */
  resume(other: Scene): void {
    const { width, count } = this;
    const first = other.width;
    this.px.set(resample(other.px.subarray(first), other, this), width);
    this.py.set(resample(other.py.subarray(first), other, this), width);
    for (let last = 2 * width - 1; last < this.px.length; last += width) this.px[last] = 0;
    this.py.fill(0, count);
  }

  /** Features inside and outside the outline. What is certain counts more. */
  #learn(inside: Float32Array, features = this.features): [Mixture, Mixture] {
    const { count, known, support } = this;
    // A point that counts twice is in its list twice.
    const objects = new Int32Array(2 * count);
    const others = new Int32Array(2 * count);
    let [objectCount, otherCount] = [0, 0];
    for (let i = 0; i < count; i += 1) {
      const side = known[i] as number;
      const speaks = support[i] as number;
      const isTwice = side < 0 ? speaks <= -certain : speaks < -certain || side > 0 || speaks > certain;
      if (side >= 0 && speaks >= -certain && (isTwice || (inside[i] as number) >= 0.5)) {
        objects[objectCount] = i;
        objects[objectCount + 1] = i;
        objectCount += isTwice ? 2 : 1;
      } else {
        others[otherCount] = i;
        others[otherCount + 1] = i;
        otherCount += isTwice ? 2 : 1;
      }
    }
    return [
      Mixture.of(features, objects.subarray(0, objectCount)),
      Mixture.of(features, others.subarray(0, otherCount)),
    ];
  }

  /** Squared difference of a point's color and that of a seed. */
  #differs(i: number, { color }: Seed): number {
    const at = i * featureSize;
    const x = (this.features[at] as number) - (color[0] as number);
    const y = (this.features[at + 1] as number) - (color[1] as number);
    const z = (this.features[at + 2] as number) - (color[2] as number);
    return x * x + y * y + z * z;
  }

  /** The distance in points from a seed to the nearest that was found on its side: the end of what is wrong. */
  #depth(seed: Seed, inside: Float32Array): number {
    const { width } = this;
    const [x0, y0] = [seed.at % width, Math.floor(seed.at / width)];
    let nearest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < inside.length; i += 1) {
      if ((inside[i] as number) >= 0.5 !== seed.isInside) continue;
      const [x, y] = [(i % width) - x0, Math.floor(i / width) - y0];
      nearest = Math.min(nearest, x * x + y * y);
    }
    return Math.sqrt(nearest);
  }

  /** How far the influence of a seed reaches, relative to the longest side. */
  #reach(depth: number): number {
    return Math.min(seedReach, spread(Math.max(1, depth)) / Math.max(this.width, this.height));
  }

  /**
   * What was found without what a seed outside the object disputes: the points of the object that are
   * nearer to the seed than to what is certainly the object, or else to its middle, on ways that are
   * longer across the photo's edges; none beyond the seed's spread.
   */
  #without(seed: Seed, depth: number, inside: Float32Array): Float32Array {
    if (depth === 0) return inside;
    const { width, count } = this;
    const lengths = new Float32Array(count).fill(Number.POSITIVE_INFINITY);
    const isDisputed = new Uint8Array(count);
    const ways = new Ways();
    const begin = (at: number, disputes: number): void => {
      lengths[at] = 0;
      isDisputed[at] = disputes;
      ways.push(0, at);
    };
    begin(seed.at, 1);
    for (const at of this.#anchors(inside)) begin(at, 0);
    const visit = (j: number, so: number, from: number, weight: number): void => {
      const length = f(so + 1 + wayEdge * (1 - Math.sqrt(weight)));
      if (length >= (lengths[j] as number)) return;
      lengths[j] = length;
      isDisputed[j] = isDisputed[from] as number;
      ways.push(length, j);
    };
    const [across, down] = [this.#across, this.#down];
    while (ways.take()) {
      const { length, end: i } = ways;
      if (length > (lengths[i] as number)) continue;
      if (i % width > 0) visit(i - 1, length, i, across[i - 1] as number);
      if ((i % width) + 1 < width) visit(i + 1, length, i, across[i] as number);
      if (i >= width) visit(i - width, length, i, down[i - width] as number);
      if (i + width < count) visit(i + width, length, i, down[i] as number);
    }
    const most = spread(depth) ** 2;
    const [x0, y0] = [seed.at % width, Math.floor(seed.at / width)];
    return inside.map((v, i) => {
      const [x, y] = [(i % width) - x0, Math.floor(i / width) - y0];
      return isDisputed[i] && x * x + y * y <= most ? 0 : v;
    });
  }

  /** What is certainly the object, or else the point of what was found nearest to the middle of the box. */
  #anchors(inside: Float32Array): readonly number[] {
    const certainly: number[] = [];
    let middle = -1;
    for (let i = 0; i < inside.length; i += 1) {
      if ((this.known[i] as number) > 0 || (this.support[i] as number) > certain) certainly.push(i);
      const isNearer = middle < 0 || (this.#place[i] as number) < (this.#place[middle] as number);
      if ((inside[i] as number) >= 0.5 && isNearer) middle = i;
    }
    return certainly.length === 0 && middle >= 0 ? [middle] : certainly;
  }

  /** Adds a seed's influence, which falls along the shortest way and faster over other colors. */
  #supportBy(seed: Seed, reach: number): void {
    const { width, support } = this;
    const lengths = new Float32Array(this.count).fill(Number.POSITIVE_INFINITY);
    const ways = new Ways();
    const longest = Math.max(width, this.height);
    const step = f(1 / longest);
    // What is as near to the point as the outline, unless its reach has an end before, is wrong like it,
    // in any color: an object, or what is taken for it, may have many.
    const near = ((reach * longest) / seedSpread) ** (1 / 1.5);
    const [x0, y0] = [seed.at % width, Math.floor(seed.at / width)];
    const side = seed.isInside ? 1 : -1;
    const visit = (j: number, so: number): void => {
      const differs = Math.min(1, this.#differs(j, seed) / (seedColor * seedColor));
      let barrier = seedBarrier * differs;
      const [x, y] = [(j % width) - x0, Math.floor(j / width) - y0];
      if (x * x + y * y < near * near) barrier = Math.min(barrier, seedOpen);
      const length = f(so + step * (1 + barrier));
      if (length >= (lengths[j] as number)) return;
      lengths[j] = length;
      ways.push(length, j);
    };
    lengths[seed.at] = 0;
    ways.push(0, seed.at);
    while (ways.take()) {
      const { length, end: i } = ways;
      if (length > (lengths[i] as number)) continue;
      if (length > 5 * reach) break;
      const own = side * seedStrength * Math.exp(-length / reach);
      const before = support[i] as number;
      if (before * own < 0) support[i] = before + own;
      else if (before * before < own * own) support[i] = own;
      if (i % width > 0) visit(i - 1, length);
      if ((i % width) + 1 < width) visit(i + 1, length);
      if (i >= width) visit(i - width, length);
      if (i + width < this.count) visit(i + width, length);
    }
  }

  /** The squared weights between each point and its right and lower neighbors: 1 for equal colors. */
  #edges(): [Float32Array, Float32Array] {
    const { width, height, features } = this;
    const across = new Float32Array(this.count);
    const down = new Float32Array(this.count);
    const difference = (i: number, j: number): number => {
      const [a, b] = [i * featureSize, j * featureSize];
      const x = (features[a] as number) - (features[b] as number);
      const y = (features[a + 1] as number) - (features[b + 1] as number);
      const z = (features[a + 2] as number) - (features[b + 2] as number);
      return x * x + y * y + z * z;
    };
    let [sum, count] = [0, 0];
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const i = y * width + x;
        if (x + 1 < width) {
          across[i] = difference(i, i + 1);
          sum += across[i] as number;
          count += 1;
        }
        if (y + 1 < height) {
          down[i] = difference(i, i + width);
          sum += down[i] as number;
          count += 1;
        }
      }
    }
    const falloff = 1 / (2 * Math.max(sum / Math.max(count, 1), 1));
    for (const weights of [across, down]) {
      for (let i = 0; i < weights.length; i += 1)
        weights[i] = (smoothEdge + (1 - smoothEdge) * Math.exp(-falloff * (weights[i] as number))) ** 2;
    }
    return [across, down];
  }
}

/** Over how many points a seed speaks that is so deep in what is wrong. */
const spread = (depth: number): number => seedSpread * depth ** 1.5;

const clip = (value: number, most: number): number => Math.min(most, Math.max(-most, value));

/** Whether two outlines enclose the same points, except for a few per thousand. */
function isSame(a: Float32Array, b: Float32Array): boolean {
  let changed = 0;
  for (let i = 0; i < a.length; i += 1) if ((a[i] as number) >= 0.5 !== (b[i] as number) >= 0.5) changed += 1;
  return changed * 400 < a.length;
}
