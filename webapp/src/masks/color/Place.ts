import { type Box, heightOf, widthOf } from '../../boxes/geometry.ts';
import type { Picture } from './Picture.ts';
import { Scene } from './Scene.ts';

// The parameters of model-image/server/mask/colormodel.go.
const fineSide = 208;
const fullSide = 288;
const coarseSide = 112;
const marginShare = 0.2;

/** The part of the photo around a box, whatever the points. */
export class Place {
  /** The box with its margin. */
  readonly part: Box;
  readonly coarse: Scene;

  constructor(
    private readonly picture: Picture,
    readonly box: Box,
  ) {
    const mx = Math.floor(widthOf(box) * marginShare) + 1;
    const my = Math.floor(heightOf(box) * marginShare) + 1;
    this.part = {
      x0: Math.max(0, box.x0 - mx),
      y0: Math.max(0, box.y0 - my),
      x1: Math.min(picture.width, box.x1 + mx),
      y1: Math.min(picture.height, box.y1 + my),
    };
    this.coarse = new Scene(picture, this.part, box, ...fitted(this.part, coarseSide));
  }

  /** Returns the scene in which the outline is drawn. */
  fine(): Scene {
    const side = Math.max(widthOf(this.part), heightOf(this.part));
    const longest = side <= fullSide ? side : fineSide;
    return new Scene(this.picture, this.part, this.box, ...fitted(this.part, longest));
  }
}

/** The size of a raster over a part of the photo, not finer than its pixels. */
function fitted(part: Box, longest: number): [number, number] {
  const [width, height] = [widthOf(part), heightOf(part)];
  const side = Math.max(width, height);
  if (side <= longest) return [width, height];
  const scale = (length: number): number => Math.max(1, Math.floor((length * longest + (side >> 1)) / side));
  return [scale(width), scale(height)];
}
