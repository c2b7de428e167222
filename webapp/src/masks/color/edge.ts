import { type Box, heightOf, widthOf } from '../../boxes/geometry.ts';
import { type Mask, MaskWriter, union, without } from '../Mask.ts';
import type { Point } from '../Point.ts';
import { type Cover, interpolate, type Tap } from './Cover.ts';
import { inside, type Picture } from './Picture.ts';

/** How far around a raster point the colors of the two sides are taken from, in raster points. */
const reach = 4;
/** The cover of points whose colors are taken, at least and at most. */
const sure = 200;
const unsure = 55;
/** The difference from `inside` above which the colors of a place change nothing. */
const decided = 45;
/** Added to the variance of colors, in 8-bit values squared. */
const noise = 60;

/** A range of pixels between two raster points. */
interface Cell {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly second: number;
  /** The first pixel that is nearer to the second one. */
  readonly middle: number;
  /** Of each pixel: how much of the way to the second one it is. */
  readonly weights: Float32Array;
}

function cellsOf(length: number, n: number): Cell[] {
  const cells: Cell[] = [];
  const taps = Array.from({ length }, (_, i) => interpolate(i, length, n));
  for (let from = 0; from < length; ) {
    const { first, second } = taps[from] as Tap;
    let to = from + 1;
    while (taps[to]?.first === first && taps[to]?.second === second) to += 1;
    const weights = Float32Array.from(taps.slice(from, to), ({ weight }) => weight);
    const nearer = weights.findIndex((weight) => weight >= 0.5);
    cells.push({ from, to, first, second, middle: nearer < 0 ? to : from + nearer, weights });
    from = to;
  }
  return cells;
}

// Kinds of cells: all pixels are outside the object, or within it, or their colors decide.
const outside = 0;
const within = 1;
const undecided = 2;

/** What a sharpened mask is confined to. */
export interface Limits {
  /** Nothing outside it belongs to the object. */
  readonly box: Box;
  /** Their pixels are what they say. */
  readonly points: readonly Point[];
}

/** Whether a cover's raster is coarser than the photo. */
export const isCoarse = ({ part, width, height }: Cover): boolean =>
  widthOf(part) > width && heightOf(part) > height;

/**
 * Returns the mask of a cover whose raster is coarser than the photo: pixels along the outline are
 * compared with the colors that the object and its surroundings have next to them. `colors` is the part
 * of the photo at the cover's resolution.
 */
export function sharpen(
  cover: Cover,
  colors: Uint8ClampedArray,
  picture: Picture,
  { box, points }: Limits,
): Mask {
  const { part, width, height, values } = cover;
  const sides = new SidesAround(cover, colors);
  const across = cellsOf(widthOf(part), width);
  // In pixels of the part.
  const [left, right] = [Math.max(0, box.x0 - part.x0), box.x1 - part.x0];
  const mask = new MaskWriter();
  // The stretches of a row of cells: pairs of the first cell and its kind.
  const stretches: number[] = [];
  for (const row of cellsOf(heightOf(part), height)) {
    const [upper, lower] = [row.first * width, row.second * width];
    stretches.length = 0;
    let last = outside;
    for (let k = 0; k < across.length; k += 1) {
      const { first, second } = across[k] as Cell;
      const c00 = values[upper + first] as number;
      const c10 = values[upper + second] as number;
      const c01 = values[lower + first] as number;
      const c11 = values[lower + second] as number;
      let kind = undecided;
      if (Math.max(c00, c10, c01, c11) < inside - decided) kind = outside;
      else if (Math.min(c00, c10, c01, c11) >= inside + decided) kind = within;
      if (kind !== last || kind === undecided) stretches.push(k, kind);
      last = kind;
    }
    if (stretches.length === 0) continue;
    for (let y = row.from; y < row.to; y += 1) {
      if (part.y0 + y < box.y0 || part.y0 + y >= box.y1) continue;
      const line = (part.y0 + y) * picture.width + part.x0;
      const v = row.weights[y - row.from] as number;
      const nearest = v < 0.5 ? upper : lower;
      for (let s = 0; s < stretches.length; s += 2) {
        const cell = across[stretches[s] as number] as Cell;
        if (cell.from >= right) break;
        const next = across[stretches[s + 2] as number];
        const kind = stretches[s + 1];
        if (kind !== undecided) {
          const [from, to] = [Math.max(cell.from, left), Math.min(next?.from ?? right, right)];
          if (from >= to) continue;
          mask.add(false, line + from - mask.length);
          mask.add(kind === within, to - from);
          continue;
        }
        if (cell.to <= left) continue;
        const { first, second } = cell;
        const a = (values[upper + first] as number) * (1 - v) + (values[lower + first] as number) * v;
        const b = (values[upper + second] as number) * (1 - v) + (values[lower + second] as number) * v;
        const from = Math.max(cell.from, left);
        mask.add(false, line + from - mask.length);
        const middle = Math.min(Math.max(cell.middle, left), right);
        resolve(sides.at(nearest + first), a, b, cell, from, middle, picture, line, mask);
        resolve(
          sides.at(nearest + second),
          a,
          b,
          cell,
          middle,
          Math.min(cell.to, right),
          picture,
          line,
          mask,
        );
      }
    }
  }
  return points
    .filter(({ x, y }) => x >= part.x0 && x < part.x1 && y >= part.y0 && y < part.y1)
    .reduce(withPoint, mask.finish(picture));
}

/** The mask in which a point's pixel is what the point says. */
function withPoint(mask: Mask, { x, y, isInside }: Point): Mask {
  const pixel = new MaskWriter();
  pixel.add(false, y * mask.width + x);
  pixel.add(true, 1);
  return isInside ? union(mask, pixel.finish(mask)) : without(mask, pixel.finish(mask));
}

/**
 * Decides pixels of one row of a cell, between columns of the part that are next to the same raster point:
 * the mask has those whose cover, interpolated and shifted by their color, is enough. `line` is the first
 * pixel of the row in the part.
 */
function resolve(
  { red, green, blue, start, weight }: Sides,
  left: number,
  right: number,
  { from, weights }: Cell,
  first: number,
  end: number,
  { data }: Picture,
  line: number,
  mask: MaskWriter,
): void {
  for (let x = first, pixel = (line + first) * 4; x < end; x += 1, pixel += 4) {
    const t =
      (data[pixel] as number) * red +
      (data[pixel + 1] as number) * green +
      (data[pixel + 2] as number) * blue -
      start;
    const shift = weight * ((t < 0 ? 0 : t > 1 ? 1 : t) - 0.5);
    const isInside =
      (data[pixel + 3] as number) >= inside &&
      left + (right - left) * (weights[x - from] as number) + shift >= inside;
    mask.add(isInside, 1);
  }
}

/** The line in color space on which object (1) and surroundings (0) differ most at a place. */
interface Sides {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly start: number;
  /** How much of the cover, 0 to 255, the place on the line changes. */
  readonly weight: number;
}

const noSides: Sides = { red: 0, green: 0, blue: 0, start: 0, weight: 0 };

/** The two sides around the points of a raster, each compared when it is needed. */
class SidesAround {
  readonly #known: Int32Array;
  readonly #sides: Sides[] = [noSides];

  constructor(
    private readonly cover: Cover,
    private readonly colors: Uint8ClampedArray,
  ) {
    this.#known = new Int32Array(cover.values.length);
  }

  at(point: number): Sides {
    let known = this.#known[point] as number;
    if (known === 0) {
      const { width } = this.cover;
      known = this.#sides.length;
      this.#sides.push(sidesAt(this.cover, this.colors, point % width, Math.floor(point / width)));
      this.#known[point] = known;
    }
    return this.#sides[known] as Sides;
  }
}

/** Compares the colors around a raster point. */
function sidesAt({ values, width, height }: Cover, colors: Uint8ClampedArray, x0: number, y0: number): Sides {
  // Count, red, green, blue, and squares, of the surroundings and of the object.
  const sums = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let y = Math.max(0, y0 - reach); y <= Math.min(height - 1, y0 + reach); y += 1) {
    for (let x = Math.max(0, x0 - reach); x <= Math.min(width - 1, x0 + reach); x += 1) {
      const i = y * width + x;
      const c = values[i] as number;
      if (c > unsure && c < sure) continue;
      const s = c >= sure ? 5 : 0;
      const r = colors[i * 4] as number;
      const g = colors[i * 4 + 1] as number;
      const b = colors[i * 4 + 2] as number;
      sums[s] = (sums[s] as number) + 1;
      sums[s + 1] = (sums[s + 1] as number) + r;
      sums[s + 2] = (sums[s + 2] as number) + g;
      sums[s + 3] = (sums[s + 3] as number) + b;
      sums[s + 4] = (sums[s + 4] as number) + r * r + g * g + b * b;
    }
  }
  const [nOut, rOut, gOut, bOut, sqOut, nIn, rIn, gIn, bIn, sqIn] = sums as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (nOut === 0 || nIn === 0) return noSides;
  const [r0, g0, b0] = [rOut / nOut, gOut / nOut, bOut / nOut];
  const [r1, g1, b1] = [rIn / nIn, gIn / nIn, bIn / nIn];
  const [dr, dg, db] = [r1 - r0, g1 - g0, b1 - b0];
  const apart = dr * dr + dg * dg + db * db;
  if (apart === 0) return noSides;
  const spread = sqOut / nOut - (r0 * r0 + g0 * g0 + b0 * b0) + (sqIn / nIn - (r1 * r1 + g1 * g1 + b1 * b1));
  const [red, green, blue] = [dr / apart, dg / apart, db / apart];
  return {
    red,
    green,
    blue,
    start: red * r0 + green * g0 + blue * b0,
    weight: (255 * apart) / (apart + spread + noise),
  };
}
