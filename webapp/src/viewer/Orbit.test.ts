import { Box3, Vector3 } from 'three';
import { expect, it } from 'vitest';
import { Input } from './Input.ts';
import { Orbit } from './Orbit.ts';

/** The heights of a box's corners in a view of so many pixels, from its upper edge. */
function heightsOf(orbit: Orbit, box: Box3, height: number): number[] {
  orbit.advance(0);
  orbit.camera.updateMatrixWorld();
  return [0, 1, 2, 3, 4, 5, 6, 7].map((i) => {
    const corner = new Vector3(
      i & 1 ? box.max.x : box.min.x,
      i & 2 ? box.max.y : box.min.y,
      i & 4 ? box.max.z : box.min.z,
    ).project(orbit.camera);
    return ((1 - corner.y) / 2) * height;
  });
}

for (const [what, front, box] of [
  ['an object', 'object', new Box3(new Vector3(-0.2, -0.5, -0.2), new Vector3(0.2, 0.5, 0.2))],
  ['a scene', 'photo', new Box3(new Vector3(-0.3, -0.9, -4), new Vector3(0.3, 0.9, -3))],
] as const) {
  it(`shows ${what} between what covers the upper and the lower edge, after a change of size too`, () => {
    const orbit = new Orbit(new Input(), () => {}, true);
    orbit.resize({ width: 900, height: 500, top: 0, bottom: 0 });
    orbit.frame(box, front, true);
    orbit.resize({ width: 360, height: 600, top: 56, bottom: 124 });
    const heights = heightsOf(orbit, box, 600);
    expect(Math.min(...heights)).toBeGreaterThan(56);
    expect(Math.max(...heights)).toBeLessThan(600 - 124);
    // In the middle, but for the perspective.
    const middle = (Math.min(...heights) + Math.max(...heights)) / 2;
    expect(Math.abs(middle - (56 + 600 - 124) / 2)).toBeLessThan(15);
    orbit.dispose();
  });
}
