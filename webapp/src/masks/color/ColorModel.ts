import { type Box, heightOf, sameBox, widthOf } from '../../boxes/geometry.ts';
import type { Prompt } from '../Finder.ts';
import { type Point, samePoint } from '../Point.ts';
import { Cover } from './Cover.ts';
import { sharpen } from './edge.ts';
import { bandAround } from './outline.ts';
import { hasAlpha, inside, type Picture } from './Picture.ts';
import { type Learned, Scene } from './Scene.ts';
import { seedsOf } from './seeds.ts';

// The parameters of model-image/server/mask/colormodel.go and find.go.
const fineSide = 288;
const coarseSide = 112;
const marginShare = 0.2;
const rounds = 5;
const correctionRounds = 3;
const leastSeparation = 0.6;
const fineSteps = 110;
const bandReach = 9;
const leastShare = 0.02;
const mostShare = 0.97;

/** What the coarse scene is after the first points. */
interface Step {
  readonly points: readonly Point[];
  readonly learned: Learned;
  readonly known: Int8Array;
  readonly support: Float32Array;
  readonly px: Float32Array;
  readonly py: Float32Array;
}

/** What is known of the part of the photo around a box. */
interface Place {
  readonly box: Box;
  readonly part: Box;
  readonly coarse: Scene;
  readonly fine: Scene;
  /** `known` of the fine scene without points. */
  readonly fineKnown: Int8Array;
  /** What is not transparent in the box, or null if nothing is transparent. */
  readonly alpha: Cover | null;
  /** One more than points, as they were set. */
  steps: Step[];
}

/**
 * Finds the object in a box by its colors, as model-image/server/mask does for a box with points. A
 * point that is added to those of the call before takes a part of the time.
 */
export class ColorModel {
  #place: Place | null = null;

  constructor(private readonly picture: Picture) {}

  /**
   * Returns the object's cover, with the values 0 and 255 at the photo's resolution; null if no object
   * stands out.
   */
  find({ box, points }: Prompt): Cover | null {
    const { alpha } = this.#placeOf(box);
    if (alpha?.count() === 0) return null;
    const found = this.#segment(box, points);
    if (points.length > 0) return found?.values.includes(255) ? found : null;
    const share = found?.shareOf(box) ?? 0;
    if (share < leastShare) return alpha;
    if (share > mostShare && !alpha) {
      const full = new Cover(box, widthOf(box), heightOf(box));
      full.values.fill(255);
      return full;
    }
    return found;
  }

  #segment(drawn: Box, points: readonly Point[]): Cover | null {
    const { picture } = this;
    const isMarked = points.some((point) => point.isInside);
    const box = points.reduce(
      (b, { x, y, isInside }) =>
        isInside
          ? {
              x0: Math.min(b.x0, x),
              y0: Math.min(b.y0, y),
              x1: Math.max(b.x1, x + 1),
              y1: Math.max(b.y1, y + 1),
            }
          : b,
      drawn,
    );
    const place = this.#placeOf(box);
    const { learned, support } = this.#follow(place, points);
    if (!isMarked && place.coarse.separation(learned.inside) < leastSeparation) return null;

    const { fine, coarse, part } = place;
    fine.known = place.fineKnown.slice();
    fine.px.fill(0);
    fine.py.fill(0);
    fine.support = resized(support, coarse, fine);
    const seeds = seedsOf(picture, points, part, fine.width, fine.height);
    fine.fix(seeds);
    const guess = resized(learned.inside, coarse, fine);
    const band = bandAround(guess, fine.width, bandReach, seeds);
    const values = fine.outline(fine.fit(learned.object, learned.surroundings, band), guess, band, fineSteps);
    const cover = new Cover(part, fine.width, fine.height);
    for (let i = 0; i < values.length; i += 1) {
      const known = fine.known[i] as number;
      if (known >= 0) cover.values[i] = known > 0 ? 255 : Math.floor((values[i] as number) * 255 + 0.5);
    }
    cover.clean(seeds);
    for (let i = 0; i < values.length; i += 1) if ((fine.known[i] as number) < 0) cover.values[i] = 0;
    const sharp = sharpen(cover, picture);
    sharp.confine(box);
    for (const { x, y, isInside } of points) {
      if (x < part.x0 || x >= part.x1 || y < part.y0 || y >= part.y1) continue;
      const row = Math.floor(((y - part.y0) * sharp.height) / heightOf(part));
      const column = Math.floor(((x - part.x0) * sharp.width) / widthOf(part));
      sharp.values[row * sharp.width + column] = isInside ? 255 : 0;
    }
    // A sharpened cover has no other values, and is large.
    return sharp === cover ? cover.decided() : sharp;
  }

  /** Returns the scenes of a box, which are made once. */
  #placeOf(box: Box): Place {
    if (this.#place && sameBox(this.#place.box, box)) return this.#place;
    const { picture } = this;
    const mx = Math.floor(widthOf(box) * marginShare) + 1;
    const my = Math.floor(heightOf(box) * marginShare) + 1;
    const part = {
      x0: Math.max(0, box.x0 - mx),
      y0: Math.max(0, box.y0 - my),
      x1: Math.min(picture.width, box.x1 + mx),
      y1: Math.min(picture.height, box.y1 + my),
    };
    const alpha = hasAlpha(picture, box) ? this.#alphaIn(box) : null;
    const coarse = new Scene(picture, part, box, ...fitted(part, coarseSide));
    const fine = new Scene(picture, part, box, ...fitted(part, fineSide));
    this.#place = { box, part, coarse, fine, fineKnown: fine.known.slice(), alpha, steps: [] };
    return this.#place;
  }

  /** Finds the object without points, then with one more at a time; goes on from the call before. */
  #follow(place: Place, points: readonly Point[]): Step {
    const { coarse, part } = place;
    const kept = place.steps.filter(({ points: before }) =>
      before.every((point, i) => isAt(points, i, point)),
    );
    if (kept.length === 0) kept.push(stepOf(coarse, [], coarse.refine(coarse.firstGuess(), rounds)));
    place.steps = kept;
    let step = kept[kept.length - 1] as Step;
    coarse.known = step.known.slice();
    coarse.support = step.support.slice();
    coarse.px = step.px.slice();
    coarse.py = step.py.slice();
    for (let n = step.points.length; n < points.length; n += 1) {
      const [seed] = seedsOf(this.picture, points.slice(n, n + 1), part, coarse.width, coarse.height);
      const learned = seed ? coarse.follow(seed, step.learned.inside, correctionRounds) : step.learned;
      step = stepOf(coarse, points.slice(0, n + 1), learned);
      kept.push(step);
    }
    return step;
  }

  #alphaIn(box: Box): Cover {
    const cover = new Cover(box, widthOf(box), heightOf(box));
    const { data, width } = this.picture;
    for (let y = 0; y < cover.height; y += 1) {
      for (let x = 0; x < cover.width; x += 1) {
        const alpha = data[((box.y0 + y) * width + box.x0 + x) * 4 + 3] as number;
        cover.values[y * cover.width + x] = alpha >= inside ? 255 : 0;
      }
    }
    return cover;
  }
}

const isAt = (points: readonly Point[], i: number, point: Point): boolean => {
  const other = points[i];
  return other !== undefined && samePoint(other, point);
};

function stepOf(scene: Scene, points: readonly Point[], learned: Learned): Step {
  const { known, support, px, py } = scene;
  return { points, learned, known: known.slice(), support: support.slice(), px: px.slice(), py: py.slice() };
}

/** The size of a raster over a part of the photo, not finer than its pixels. */
function fitted(part: Box, longest: number): [number, number] {
  const [width, height] = [widthOf(part), heightOf(part)];
  const side = Math.max(width, height);
  if (side <= longest) return [width, height];
  const scale = (length: number): number => Math.max(1, Math.floor((length * longest + (side >> 1)) / side));
  return [scale(width), scale(height)];
}

/** Resamples values bilinearly from the raster of one scene to that of another. */
function resized(values: Float32Array, from: Scene, to: Scene): Float32Array {
  const out = new Float32Array(to.count);
  const columns = taps(to.width, from.width);
  taps(to.height, from.height).forEach(([y0, y1, ty], y) => {
    columns.forEach(([x0, x1, tx], x) => {
      const at = (row: number, column: number): number => values[row * from.width + column] as number;
      const top = at(y0, x0) * (1 - tx) + at(y0, x1) * tx;
      const bottom = at(y1, x0) * (1 - tx) + at(y1, x1) * tx;
      out[y * to.width + x] = top * (1 - ty) + bottom * ty;
    });
  });
  return out;
}

function taps(to: number, from: number): [number, number, number][] {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    const first = Math.floor(at);
    return [first, Math.min(first + 1, from - 1), at - first];
  });
}
