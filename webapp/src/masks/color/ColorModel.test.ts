import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bitmapOf, type Mask } from '../Mask.ts';
import { decodePng } from '../png.testing.ts';
import { ColorModel } from './ColorModel.ts';
import type { Picture } from './Picture.ts';

/** As model-image/server/mask/vectors_test.go writes it. */
interface Vector {
  readonly name: string;
  readonly photo: string;
  readonly box: readonly [number, number, number, number];
  readonly points: readonly (readonly [number, number, number])[] | null;
  readonly runs: readonly number[] | null;
}

const vectors = JSON.parse(readFileSync('../testdata/masks/color-model.json', 'utf8')) as readonly Vector[];

/** The picture that the Go test draws. */
function disc(): Picture {
  const [width, height] = [900, 600];
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const shift = (x * x * 7 + y * y * 13 + x * y * 5) % 31;
      const [r, g, b] = Math.hypot(x - 449.5, y - 299.5) < 210 ? [180, 60, 40] : [60, 100, 70];
      data.set([r + shift, g + shift, b + shift, 255], (y * width + x) * 4);
    }
  }
  return { width, height, data };
}

const photo = (name: string): Picture =>
  name === 'disc' ? disc() : decodePng(readFileSync(`../testdata/photos/${name}`));

const promptOf = ({ box, points }: Vector) => ({
  box: { x0: box[0], y0: box[1], x1: box[2], y1: box[3] },
  points: (points ?? []).map(([x, y, isInside]) => ({ x, y, isInside: isInside === 1 })),
});

const bitmap = (mask: Mask | null, picture: Picture): Uint8Array =>
  mask ? bitmapOf(mask) : new Uint8Array(picture.width * picture.height);

for (const vector of vectors) {
  it(`finds what the model server finds: ${vector.name}`, () => {
    const picture = photo(vector.photo);
    const mask = new ColorModel(picture).find(promptOf(vector));
    expect(mask === null).toBe(vector.runs === null);
    if (!vector.runs) return;
    const wanted = bitmapOf({ ...picture, runs: Uint32Array.from(vector.runs) });
    const found = bitmap(mask, picture);
    let [both, either] = [0, 0];
    found.forEach((value, i) => {
      if (value && wanted[i]) both += 1;
      if (value || wanted[i]) either += 1;
    });
    // Both round differently in the last digits.
    expect(both / either).toBeGreaterThan(0.999);
  });
}

for (const name of ['most of the photo', 'coins one after the other outside the box']) {
  it(`finds the same mask with points added one by one, and taken back: ${name}`, () => {
    const vector = vectors.find((one) => one.name === name) as Vector;
    const picture = photo(vector.photo);
    const { box, points } = promptOf(vector);
    const model = new ColorModel(picture);
    const stepwise = [0, 1, 2, 3, 1, 3].map((n) =>
      bitmap(model.find({ box, points: points.slice(0, n) }), picture),
    );
    const at = (step: number): Uint8Array => stepwise[step] as Uint8Array;
    const once = bitmap(new ColorModel(picture).find({ box, points }), picture);
    expect(Buffer.compare(at(3), once)).toBe(0);
    expect(Buffer.compare(at(5), once)).toBe(0);
    expect(Buffer.compare(at(4), at(1))).toBe(0);
    expect(Buffer.compare(at(1), once)).not.toBe(0);
  });
}
