import { Box3, PerspectiveCamera, Vector3 } from 'three';
import { describe, expect, it } from 'vitest';
import { clipAround, type View, viewOfObject, viewOfScene } from './framing.ts';

const boxOf = (min: [number, number, number], max: [number, number, number]): Box3 =>
  new Box3(new Vector3(...min), new Vector3(...max));

/** The corners of a box on the screen: all within -1 to 1 if the view shows it whole. */
function onScreen(view: View, box: Box3, aspect: number): Vector3[] {
  const camera = new PerspectiveCamera(view.fov, aspect, 0.01, 100);
  camera.position.copy(view.position);
  camera.lookAt(view.target);
  clipAround(camera, box);
  camera.updateMatrixWorld();
  return [0, 1, 2, 3, 4, 5, 6, 7].map((i) =>
    new Vector3(
      i & 1 ? box.max.x : box.min.x,
      i & 2 ? box.max.y : box.min.y,
      i & 4 ? box.max.z : box.min.z,
    ).project(camera),
  );
}
const widest = (corners: Vector3[]): number =>
  Math.max(...corners.flatMap(({ x, y }) => [Math.abs(x), Math.abs(y)]));

describe('the first view of an object', () => {
  const shapes: [string, Box3][] = [
    ['a cube', boxOf([-0.5, -0.5, -0.5], [0.5, 0.5, 0.5])],
    ['a flat plate', boxOf([-0.5, -0.02, -0.5], [0.5, 0.02, 0.5])],
    ['a pole away from the origin', boxOf([3, -4, 2], [3.1, 4, 2.1])],
  ];
  for (const [name, box] of shapes)
    for (const aspect of [2.2, 1, 0.6])
      it(`fills the window with ${name}, whole, at ${aspect}`, () => {
        const filled = widest(onScreen(viewOfObject(box, aspect), box, aspect));
        expect(filled).toBeLessThanOrEqual(0.9);
        expect(filled).toBeGreaterThan(0.6);
      });
});

describe('the first view of a scene', () => {
  const box = boxOf([-1, -0.5, -4], [2, 0.5, -3]);

  it('is from the place of the photo’s camera', () => {
    const view = viewOfScene(box, 1.5, true);
    expect(view.position.length()).toBe(0);
    expect(widest(onScreen(view, box, 1.5))).toBeLessThanOrEqual(0.9);
  });

  it('is from the front if the photo’s camera is orthographic', () => {
    const view = viewOfScene(box, 1.5, false);
    expect(view.position.x).toBeCloseTo(view.target.x);
    expect(view.position.y).toBeCloseTo(view.target.y);
    expect(widest(onScreen(view, box, 1.5))).toBeLessThanOrEqual(0.9);
  });

  it('steps back where the objects need a view too wide to look right', () => {
    const wide = boxOf([-5, -1, -2], [5, 1, -1]);
    const view = viewOfScene(wide, 0.6, true);
    expect(view.fov).toBe(65);
    expect(view.position.length()).toBeGreaterThan(1);
    expect(widest(onScreen(view, wide, 0.6))).toBeLessThanOrEqual(0.9);
  });

  it('is from the front if the objects are around the photo’s camera', () => {
    const around = boxOf([-1, -1, -1], [1, 1, 1]);
    expect(viewOfScene(around, 1, true).position.z).toBeGreaterThan(1);
  });
});
