import { heightOf, widthOf } from '../../boxes/geometry.ts';
import { Cover, interpolate } from './Cover.ts';
import { crop, inside, type Picture } from './Picture.ts';

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
  from: number;
  to: number;
  readonly first: number;
  readonly second: number;
}

function cellsOf(length: number, n: number): Cell[] {
  const cells: Cell[] = [];
  for (let i = 0; i < length; i += 1) {
    const { first, second } = interpolate(i, length, n);
    const last = cells.at(-1);
    if (last && last.first === first && last.second === second) last.to = i + 1;
    else cells.push({ from: i, to: i + 1, first, second });
  }
  return cells;
}

/**
 * Returns the cover at the photo's resolution, if its raster is coarser: pixels along the outline are
 * compared with the colors that the object and its surroundings have next to them.
 */
export function sharpen(cover: Cover, picture: Picture): Cover {
  const { part, width, height, values } = cover;
  const [wide, tall] = [widthOf(part), heightOf(part)];
  if (wide <= width || tall <= height) return cover;
  const colors = crop(picture, part, width, height);
  const out = new Cover(part, wide, tall);
  const sides: (Sides | undefined)[] = new Array(values.length);
  const across = cellsOf(wide, width);
  const weights = Float32Array.from({ length: wide }, (_, x) => interpolate(x, wide, width).weight);
  const { data } = picture;
  for (const row of cellsOf(tall, height)) {
    const a = row.first * width;
    const b = row.second * width;
    const down = Float32Array.from(
      { length: row.to - row.from },
      (_, y) => interpolate(row.from + y, tall, height).weight,
    );
    // The columns of a run of cells inside the object, which are filled together.
    let [from, to] = [0, 0];
    const fillRun = (): void => {
      if (from < to)
        for (let y = row.from; y < row.to; y += 1) out.values.fill(255, y * wide + from, y * wide + to);
    };
    for (const column of across) {
      const c00 = values[a + column.first] as number;
      const c10 = values[a + column.second] as number;
      const c01 = values[b + column.first] as number;
      const c11 = values[b + column.second] as number;
      if (Math.max(c00, c10, c01, c11) < inside - decided) continue;
      if (Math.min(c00, c10, c01, c11) >= inside + decided) {
        if (column.from !== to) {
          fillRun();
          from = column.from;
        }
        to = column.to;
        continue;
      }
      for (let y = row.from; y < row.to; y += 1) {
        const v = down[y - row.from] as number;
        for (let x = column.from; x < column.to; x += 1) {
          const u = weights[x] as number;
          const nearest = (v < 0.5 ? a : b) + (u < 0.5 ? column.first : column.second);
          let side = sides[nearest];
          if (!side) {
            side = sidesAt(cover, colors, nearest % width, Math.floor(nearest / width));
            sides[nearest] = side;
          }
          const pixel = ((part.y0 + y) * picture.width + part.x0 + x) * 4;
          if ((data[pixel + 3] as number) < inside) continue;
          const t =
            (data[pixel] as number) * side.red +
            (data[pixel + 1] as number) * side.green +
            (data[pixel + 2] as number) * side.blue -
            side.start;
          const shift = side.weight * 255 * (Math.min(1, Math.max(0, t)) - 0.5);
          const mixed = (c00 * (1 - u) + c10 * u) * (1 - v) + (c01 * (1 - u) + c11 * u) * v;
          if (mixed + shift >= inside) out.values[y * wide + x] = 255;
        }
      }
    }
    fillRun();
  }
  return out;
}

/** The line in color space on which object (1) and surroundings (0) differ most at a place. */
interface Sides {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly start: number;
  readonly weight: number;
}

const noSides: Sides = { red: 0, green: 0, blue: 0, start: 0, weight: 0 };

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
    weight: apart / (apart + spread + noise),
  };
}
