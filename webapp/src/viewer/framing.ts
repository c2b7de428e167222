import { type Box3, MathUtils, type PerspectiveCamera, Vector3 } from 'three';

/** Vertical field of view of the camera in front of an object, in degrees. */
export const usualFov = 30;

/** The widest field of view for the photo's camera: a wider one distorts the objects. */
const widestFov = 65;

/** Share of the view that stays empty around the object. */
const margin = 0.12;

/** Azimuth and polar angle of the first view of an object, in degrees; the polar angle is from +Y. */
const beside = { azimuth: -24, polar: 76 };

/** A camera's place and direction. `fov` is the vertical field of view in degrees. */
export interface View {
  readonly position: Vector3;
  readonly target: Vector3;
  readonly fov: number;
}

const corners = (box: Box3): Vector3[] =>
  [0, 1, 2, 3, 4, 5, 6, 7].map(
    (i) =>
      new Vector3(
        i & 1 ? box.max.x : box.min.x,
        i & 2 ? box.max.y : box.min.y,
        i & 4 ? box.max.z : box.min.z,
      ),
  );

/** The axes of a camera that looks along `-back`. */
function axesOf(back: Vector3): { right: Vector3; up: Vector3 } {
  const right = new Vector3(0, 1, 0).cross(back);
  if (right.lengthSq() < 1e-12) right.set(1, 0, 0);
  right.normalize();
  return { right, up: back.clone().cross(right) };
}

/** The smallest distance from the box's center, along `back`, from which the whole box is seen. */
export function distanceToFit(box: Box3, back: Vector3, fov: number, aspect: number): number {
  const { right, up } = axesOf(back);
  const center = box.getCenter(new Vector3());
  const tall = Math.tan(MathUtils.degToRad(fov) / 2) * (1 - margin);
  const wide = tall * aspect;
  return Math.max(
    1e-4,
    ...corners(box).map((corner) => {
      const from = corner.sub(center);
      return from.dot(back) + Math.max(Math.abs(from.dot(right)) / wide, Math.abs(from.dot(up)) / tall);
    }),
  );
}

/** The first view of an object: turned a little to the side, seen from slightly above. */
export function viewOfObject(box: Box3, aspect: number): View {
  const back = new Vector3().setFromSphericalCoords(
    1,
    MathUtils.degToRad(beside.polar),
    MathUtils.degToRad(beside.azimuth),
  );
  const target = box.getCenter(new Vector3());
  const distance = distanceToFit(box, back, usualFov, aspect);
  return { position: back.multiplyScalar(distance).add(target), target, fov: usualFov };
}

/**
 * The first view of a scene. The photo's camera is at the origin and looks along -Z: with a
 * perspective camera, the view is from there, as wide as the objects need. An orthographic one has no
 * place, and neither has a photo whose camera is unknown: these views are from the front.
 */
export function viewOfScene(box: Box3, aspect: number, isPerspective: boolean): View {
  const target = box.getCenter(new Vector3());
  const isBeforeCamera = box.max.z < 0;
  if (!isPerspective || !isBeforeCamera) {
    const distance = distanceToFit(box, new Vector3(0, 0, 1), usualFov, aspect);
    return { position: new Vector3(0, 0, distance).add(target), target, fov: usualFov };
  }
  const back = target.clone().negate().normalize();
  const { right, up } = axesOf(back);
  const half = Math.max(
    ...corners(box).map((corner) => {
      const depth = -corner.dot(back);
      return Math.max(Math.abs(corner.dot(right)) / aspect, Math.abs(corner.dot(up))) / depth;
    }),
  );
  const fov = 2 * MathUtils.radToDeg(Math.atan(half / (1 - margin)));
  if (fov > 0 && fov <= widestFov) return { position: new Vector3(), target, fov };
  const distance = distanceToFit(box, back, widestFov, aspect);
  return { position: back.multiplyScalar(distance).add(target), target, fov: widestFov };
}

/** Puts the camera's clipping planes around the box, as seen from where it is. */
export function clipAround(camera: PerspectiveCamera, box: Box3): void {
  const radius = box.getSize(new Vector3()).length();
  const distance = camera.position.distanceTo(box.getCenter(new Vector3()));
  camera.near = Math.max(distance - 2 * radius, distance / 200, radius / 2000);
  camera.far = distance + 4 * radius;
  camera.updateProjectionMatrix();
}
