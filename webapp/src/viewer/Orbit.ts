import { type Box3, MathUtils, PerspectiveCamera, Vector3 } from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import { clipAround, usualFov, type View, viewOfObject, viewOfScene } from './framing.ts';
import type { Input } from './Input.ts';
import type { Move } from './keys.ts';
import type { Front } from './looks.ts';
import type { ViewSize } from './messages.ts';

/** How far one step goes. */
const turnStep = MathUtils.degToRad(15);
const moveStep = 40; // pixels of the view
const zoomStep = 0.85;

/** The smallest share of the view's height that objects are shown in, whatever covers the rest. */
const leastRoom = 0.4;

/** The camera and how it moves: by pointer, touch, wheel and steps, and on the turntable. */
export class Orbit {
  readonly camera = new PerspectiveCamera(usualFov, 1, 0.01, 100);
  readonly #controls: OrbitControls;
  #bounds: Box3 | null = null;
  #width = 1;
  #height = 1;
  /** Height in CSS pixels of the part of the view that nothing covers. */
  #room = 1;
  /** Vertical field of view of that part, in degrees. */
  #fov = usualFov;
  #front: Front = 'object';
  #isPerspective = true;
  /** The user has not moved the camera since it was framed. */
  #isAtHome = true;

  constructor(
    private readonly surface: Input,
    /** Asks for a frame. */
    changed: () => void,
    isReduced: boolean,
  ) {
    this.#controls = new OrbitControls(this.camera, surface as unknown as HTMLElement);
    this.#controls.enableDamping = !isReduced;
    this.#controls.dampingFactor = 0.14;
    this.#controls.autoRotateSpeed = 3;
    this.#controls.addEventListener('change', changed);
    this.#controls.addEventListener('start', () => {
      this.#isAtHome = false;
    });
  }

  get isTurning(): boolean {
    return this.#controls.autoRotate;
  }

  set isTurning(is: boolean) {
    this.#controls.autoRotate = is;
  }

  /** Takes what is to be seen, and goes to its first view. */
  frame(bounds: Box3, front: Front, isPerspective: boolean): void {
    this.#bounds = bounds;
    this.#front = front;
    this.#isPerspective = isPerspective;
    this.goHome();
  }

  goHome(): void {
    if (!this.#bounds) return;
    const aspect = this.#width / this.#room;
    const view =
      this.#front === 'photo'
        ? viewOfScene(this.#bounds, aspect, this.#isPerspective)
        : viewOfObject(this.#bounds, aspect);
    this.#jump(view, this.#bounds);
    this.#isAtHome = true;
  }

  /** Objects are shown whole between what covers the edges of the view. */
  resize({ width, height, top, bottom }: Omit<ViewSize, 'ratio'>): void {
    this.#width = width;
    this.#height = height;
    this.surface.clientWidth = width;
    this.surface.clientHeight = height;
    this.#room = Math.max(height - top - bottom, height * leastRoom);
    // The middle of the picture is in the middle of the part that is seen.
    this.camera.setViewOffset(width, height, 0, (bottom - top) / 2, width, height);
    this.#applyFov();
    if (this.#isAtHome) this.goHome();
  }

  move(move: Move): void {
    if (move.kind === 'home') {
      this.goHome();
      return;
    }
    this.#isAtHome = false;
    if (move.kind === 'zoom') {
      if (move.isIn) this.#controls.dollyIn(zoomStep);
      else this.#controls.dollyOut(zoomStep);
      return;
    }
    const { x, y } = move;
    if (move.kind === 'pan') this.#controls.pan(x * moveStep, y * moveStep);
    else {
      if (x !== 0) this.#controls.rotateLeft(-x * turnStep);
      if (y !== 0) this.#controls.rotateUp(-y * turnStep);
    }
  }

  /** Moves on by a time in seconds, before a frame is drawn. */
  advance(seconds: number): void {
    this.#controls.update(seconds);
    if (this.#bounds) clipAround(this.camera, this.#bounds);
  }

  dispose(): void {
    this.#controls.dispose();
  }

  /** Gives the whole view the field of view that its part needs. */
  #applyFov(): void {
    const half = Math.tan(MathUtils.degToRad(this.#fov) / 2) * (this.#height / this.#room);
    this.camera.fov = 2 * MathUtils.radToDeg(Math.atan(half));
    this.camera.updateProjectionMatrix();
  }

  #jump(view: View, bounds: Box3): void {
    const controls = this.#controls;
    const { enableDamping } = controls;
    // An update without damping ends the movement that is left of the last one.
    controls.enableDamping = false;
    controls.minDistance = 0;
    controls.maxDistance = Infinity;
    controls.update();
    this.#fov = view.fov;
    this.#applyFov();
    this.camera.position.copy(view.position);
    controls.target.copy(view.target);
    controls.update();
    controls.enableDamping = enableDamping;
    const size = bounds.getSize(new Vector3()).length();
    const distance = view.position.distanceTo(view.target);
    controls.minDistance = Math.min(size * 0.2, distance);
    controls.maxDistance = Math.max(size, distance) * 5;
    clipAround(this.camera, bounds);
  }
}
