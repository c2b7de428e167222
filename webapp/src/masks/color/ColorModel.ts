import { type Box, heightOf, sameBox, widthOf } from '../../boxes/geometry.ts';
import type { Prompt } from '../Finder.ts';
import { type Mask, maskOfPart, pixelsIn } from '../Mask.ts';
import { type Point, samePoint } from '../Point.ts';
import { Cover } from './Cover.ts';
import { isCoarse, sharpen } from './edge.ts';
import { bandAround } from './band.ts';
import { hasAlpha, inside, type Picture } from './Picture.ts';
import { Place } from './Place.ts';
import { resample } from './resample.ts';
import type { Learned, Scene } from './Scene.ts';
import { seedsOf } from './seeds.ts';

// The parameters of model-image/server/mask/colormodel.go and find.go.
const rounds = 5;
const correctionRounds = 2;
const leastSeparation = 0.06;
const fineSteps = 24;
const bandReach = 5;
const leastShare = 0.02;
const mostShare = 0.97;

/** What the coarse scene is after the first points. */
interface Step {
  readonly points: readonly Point[];
  /** Of the box, extended by these points. */
  readonly place: Place;
  readonly learned: Learned;
  readonly known: Int8Array;
  readonly support: Float32Array;
  readonly px: Float32Array;
  readonly py: Float32Array;
}

/** The scene of a place in which the outline is drawn. */
interface Fine {
  readonly place: Place;
  readonly scene: Scene;
  /** `known` without points. */
  readonly known: Int8Array;
}

/** What was found in a box. */
interface Found {
  readonly box: Box;
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
  #found: Found | null = null;
  #fine: Fine | null = null;

  constructor(private readonly picture: Picture) {}

  /** Returns the object's mask; null if no object stands out. */
  find({ box, points }: Prompt): Mask | null {
    const { picture } = this;
    if (!this.#found || !sameBox(this.#found.box, box))
      this.#found = { box, alpha: hasAlpha(picture, box) ? this.#alphaIn(box) : null, steps: [] };
    const { alpha } = this.#found;
    if (alpha?.count() === 0) return null;
    const found = this.#segment(this.#found, points);
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

  #segment(sofar: Found, points: readonly Point[]): Mask | null {
    const { picture } = this;
    const isMarked = points.some((point) => point.isInside);
    const { place, learned, support } = this.#follow(sofar, points);
    const { box, coarse, part } = place;
    if (!isMarked && coarse.separation(learned.inside) < leastSeparation) return null;

    const fine = this.#fineOf(place);
    fine.support = resample(support, coarse, fine);
    fine.resume(coarse);
    const seeds = seedsOf(picture, points, part, fine.width, fine.height);
    fine.fix(seeds);
    const guess = resample(learned.inside, coarse, fine);
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

  /** Returns the fine scene of a place as it is without points. It is kept for the next call. */
  #fineOf(place: Place): Scene {
    if (this.#fine?.place !== place) {
      const scene = place.fine();
      this.#fine = { place, scene, known: scene.known.slice() };
    }
    const { scene, known } = this.#fine;
    scene.known = known.slice();
    return scene;
  }

  /** Finds the object without points, then with one more at a time; goes on from the call before. */
  #follow(sofar: Found, points: readonly Point[]): Step {
    const { picture } = this;
    const kept = sofar.steps.filter(({ points: before }) =>
      before.every((point, i) => isAt(points, i, point)),
    );
    if (kept.length === 0) {
      const place = new Place(picture, sofar.box);
      kept.push(stepOf(place, [], place.coarse.refine(place.coarse.firstGuess(), rounds)));
    }
    sofar.steps = kept;
    let step = kept[kept.length - 1] as Step;
    restore(step);
    for (const point of points.slice(step.points.length)) {
      const next = [...step.points, point];
      const extended = point.isInside ? extendedBy(step.place.box, point) : step.place.box;
      let { place } = step;
      let guess = step.learned.inside;
      if (!sameBox(extended, place.box)) {
        // Keeps what was found: finding it anew would take longer with every point.
        place = new Place(picture, extended);
        const { coarse, part } = place;
        coarse.fix(seedsOf(picture, step.points, part, coarse.width, coarse.height));
        coarse.support = resample(step.support, step.place.coarse, coarse);
        guess = resample(guess, step.place.coarse, coarse);
      }
      const { coarse, part } = place;
      const [seed] = seedsOf(picture, [point], part, coarse.width, coarse.height);
      const learned = seed ? coarse.follow(seed, guess, correctionRounds) : step.learned;
      step = stepOf(place, next, learned);
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

function stepOf(place: Place, points: readonly Point[], learned: Learned): Step {
  const { known, support, px, py } = place.coarse;
  return {
    points,
    place,
    learned,
    known: known.slice(),
    support: support.slice(),
    px: px.slice(),
    py: py.slice(),
  };
}

/** Makes the coarse scene what it was after a step. */
function restore({ place: { coarse }, known, support, px, py }: Step): void {
  coarse.known = known.slice();
  coarse.support = support.slice();
  coarse.px = px.slice();
  coarse.py = py.slice();
}

/** The smallest box that also contains a pixel. */
const extendedBy = (box: Box, { x, y }: Point): Box => ({
  x0: Math.min(box.x0, x),
  y0: Math.min(box.y0, y),
  x1: Math.max(box.x1, x + 1),
  y1: Math.max(box.y1, y + 1),
});
