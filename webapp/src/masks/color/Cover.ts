import { type Box, heightOf, widthOf } from '../../boxes/geometry.ts';
import { inside } from './Picture.ts';
import type { Seed } from './seeds.ts';

/** The minimum size of a region to keep, relative to the largest. */
const keepShare = 0.12;
/** The radius to which corners are rounded, relative to the side of a square with the object's area. */
const rounding = 1 / 60;

/** A position between two points of a raster: the weight is that of the second. */
export interface Tap {
  readonly first: number;
  readonly second: number;
  readonly weight: number;
}

/** Returns where the center of pixel i of `length` pixels lies in a raster of n points. */
export function interpolate(i: number, length: number, n: number): Tap {
  const at = Math.min(Math.max(((i + 0.5) * n) / length - 0.5, 0), n - 1);
  const first = Math.floor(at);
  return { first, second: Math.min(first + 1, n - 1), weight: Math.fround(at - first) };
}

/** A raster of an object's cover of a part of the photo: 0 outside the object, 255 inside. */
export class Cover {
  readonly values: Uint8Array;

  constructor(
    readonly part: Box,
    readonly width: number,
    readonly height: number,
  ) {
    this.values = new Uint8Array(width * height);
  }

  /** The number of points that belong to the object. */
  count(): number {
    const { values } = this;
    let count = 0;
    for (let i = 0; i < values.length; i += 1) if ((values[i] as number) >= inside) count += 1;
    return count;
  }

  /**
   * Returns the cover with the values 0 and 255, at the photo's resolution: values of a coarser raster
   * are interpolated.
   */
  decided(): Cover {
    const { part, width, height, values } = this;
    const out = new Cover(part, widthOf(part), heightOf(part));
    if (out.width === width && out.height === height) {
      for (let i = 0; i < values.length; i += 1) out.values[i] = (values[i] as number) >= inside ? 255 : 0;
      return out;
    }
    const across = Array.from({ length: out.width }, (_, x) => interpolate(x, out.width, width));
    for (let y = 0; y < out.height; y += 1) {
      const down = interpolate(y, out.height, height);
      const [upper, lower] = [down.first * width, down.second * width];
      across.forEach(({ first, second, weight }, x) => {
        const at = (i: number): number => values[i] as number;
        const top = at(upper + first) * (1 - weight) + at(upper + second) * weight;
        const bottom = at(lower + first) * (1 - weight) + at(lower + second) * weight;
        if (top * (1 - down.weight) + bottom * down.weight >= inside) out.values[y * out.width + x] = 255;
      });
    }
    return out;
  }

  /** Rounds the outline, removes small regions and fills holes, except for those with a seed of their side. */
  clean(seeds: readonly Seed[]): void {
    this.#smooth(Math.round(Math.sqrt(this.count()) * rounding));
    const { values, width, height } = this;
    const objects = this.#regions(true);
    const largest = objects.sizes.reduce((most, size) => Math.max(most, size), 0);
    const kept = objects.sizes.map((size) => size >= keepShare * largest);
    for (const seed of seeds) {
      const label = objects.labels[seed.at] as number;
      if (seed.isInside && label >= 0) kept[label] = true;
    }
    objects.labels.forEach((label, i) => {
      if (label >= 0 && !kept[label]) values[i] = 0;
    });
    const holes = this.#regions(false);
    const open = holes.sizes.map(() => false);
    const mark = (i: number): void => {
      const label = holes.labels[i] as number;
      if (label >= 0) open[label] = true;
    };
    for (let x = 0; x < width; x += 1) {
      mark(x);
      mark((height - 1) * width + x);
    }
    for (let y = 0; y < height; y += 1) {
      mark(y * width);
      mark(y * width + width - 1);
    }
    for (const seed of seeds) if (!seed.isInside) mark(seed.at);
    holes.labels.forEach((label, i) => {
      if (label >= 0 && !open[label]) values[i] = 255;
    });
  }

  /** Applies a box blur of 2·radius+1 points twice, with edge values repeated beyond the edges. */
  #smooth(radius: number): void {
    const { values, width, height } = this;
    const line = new Uint8Array(Math.max(width, height));
    const pass = (start: number, step: number, n: number): void => {
      for (let i = 0; i < n; i += 1) line[i] = values[start + i * step] as number;
      let sum = 0;
      for (let i = -radius; i < radius; i += 1) sum += line[Math.min(Math.max(i, 0), n - 1)] as number;
      for (let i = 0; i < n; i += 1) {
        sum += line[Math.min(i + radius, n - 1)] as number;
        values[start + i * step] = Math.floor((sum + radius) / (2 * radius + 1));
        sum -= line[Math.max(i - radius, 0)] as number;
      }
    };
    for (let round = 0; round < 2; round += 1) {
      for (let y = 0; y < height; y += 1) pass(y * width, 1, width);
      for (let x = 0; x < width; x += 1) pass(x, width, height);
    }
  }

  /** Labels the 4-connected regions of the points on one side; -1 is the label of the other side. */
  #regions(isObject: boolean): { labels: Int32Array; sizes: number[] } {
    const { values, width } = this;
    const open = -2;
    const labels = new Int32Array(values.length);
    for (let i = 0; i < values.length; i += 1)
      labels[i] = (values[i] as number) >= inside === isObject ? open : -1;
    const sizes: number[] = [];
    // The points of a region in the order in which they were reached.
    const reached = new Int32Array(values.length);
    for (let start = 0; start < values.length; start += 1) {
      if (labels[start] !== open) continue;
      const label = sizes.length;
      labels[start] = label;
      reached[0] = start;
      let size = 1;
      for (let k = 0; k < size; k += 1) {
        const i = reached[k] as number;
        const x = i % width;
        if (x > 0 && labels[i - 1] === open) {
          labels[i - 1] = label;
          reached[size] = i - 1;
          size += 1;
        }
        if (x + 1 < width && labels[i + 1] === open) {
          labels[i + 1] = label;
          reached[size] = i + 1;
          size += 1;
        }
        if (i >= width && labels[i - width] === open) {
          labels[i - width] = label;
          reached[size] = i - width;
          size += 1;
        }
        if (labels[i + width] === open) {
          labels[i + width] = label;
          reached[size] = i + width;
          size += 1;
        }
      }
      sizes.push(size);
    }
    return { labels, sizes };
  }

  /** Removes what is outside a box of the photo. */
  confine(box: Box): void {
    const { part, width, height, values } = this;
    const [x0, x1] = centersIn(box.x0, box.x1, part.x0, widthOf(part), width);
    const [y0, y1] = centersIn(box.y0, box.y1, part.y0, heightOf(part), height);
    for (let y = 0; y < height; y += 1) {
      if (y < y0 || y >= y1) {
        values.fill(0, y * width, (y + 1) * width);
        continue;
      }
      values.fill(0, y * width, y * width + x0);
      values.fill(0, y * width + Math.max(x0, x1), (y + 1) * width);
    }
  }
}

/** The range of raster points whose centers lie between two pixels. */
function centersIn(from: number, to: number, least: number, length: number, n: number): [number, number] {
  let first = n;
  for (let i = 0; i < n; i += 1) {
    const at = least + Math.floor(((2 * i + 1) * length) / (2 * n));
    if (at >= from && first === n) first = i;
    if (at >= to) return [first, i];
  }
  return [first, n];
}
