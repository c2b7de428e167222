import { type Box, heightOf, sameBox, widthOf } from '../../boxes/geometry.ts';
import type { Prompt } from '../Finder.ts';
import { type Mask, maskOfPart, pixelsIn } from '../Mask.ts';
import { type Point, samePoint } from '../Point.ts';
import { Cover } from './Cover.ts';
import { isCoarse, sharpen } from './edge.ts';
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

  /** Returns the object's mask; null if no object stands out. */
  find({ box, points }: Prompt): Mask | null {
    const { picture } = this;
    const { alpha } = this.#placeOf(box);
    if (alpha?.count() === 0) return null;
    const found = this.#segment(box, points);
    const pixels = found ? pixelsIn(found) : 0;
    if (points.length > 0) return pixels > 0 ? found : null;
    const share = Math.min(1, pixels / (widthOf(box) * heightOf(box)));
    if (share < leastShare) return alpha && maskOfPart(alpha.values, box, picture);
    if (share > mostShare && !alpha) {
      const full = new Uint8Array(widthOf(box) * heightOf(box)).fill(255);
      return maskOfPart(full, box, picture);
    }
    return found;
  }

  #segment(drawn: Box, points: readonly Point[]): Mask | null {
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
    if (isCoarse(cover)) return sharpen(cover, fine.pixels, picture, { box, points });
    cover.confine(box);
    for (const { x, y, isInside } of points) {
      if (x < part.x0 || x >= part.x1 || y < part.y0 || y >= part.y1) continue;
      const row = Math.floor(((y - part.y0) * cover.height) / heightOf(part));
      const column = Math.floor(((x - part.x0) * cover.width) / widthOf(part));
      cover.values[row * cover.width + column] = isInside ? 255 : 0;
    }
    return maskOfPart(cover.decided().values, part, picture);
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
  const across = taps(to.width, from.width);
  const down = taps(to.height, from.height);
  for (let y = 0, i = 0; y < to.height; y += 1) {
    const upper = (down.first[y] as number) * from.width;
    const lower = (down.second[y] as number) * from.width;
    const ty = down.weight[y] as number;
    for (let x = 0; x < to.width; x += 1, i += 1) {
      const x0 = across.first[x] as number;
      const x1 = across.second[x] as number;
      const tx = across.weight[x] as number;
      const top = (values[upper + x0] as number) * (1 - tx) + (values[upper + x1] as number) * tx;
      const bottom = (values[lower + x0] as number) * (1 - tx) + (values[lower + x1] as number) * tx;
      out[i] = top * (1 - ty) + bottom * ty;
    }
  }
  return out;
}

/** Where the points of one raster are between those of another; the weight is that of the second. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Float64Array;
}

function taps(to: number, from: number): Taps {
  const first = new Int32Array(to);
  const second = new Int32Array(to);
  const weight = new Float64Array(to);
  for (let i = 0; i < to; i += 1) {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    first[i] = Math.floor(at);
    second[i] = Math.min(Math.floor(at) + 1, from - 1);
    weight[i] = at - Math.floor(at);
  }
  return { first, second, weight };
}
