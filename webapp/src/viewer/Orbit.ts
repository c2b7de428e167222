import { type Box3, MathUtils, PerspectiveCamera, Vector3 } from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import { clipAround, usualFov, type View, viewOfObject, viewOfScene } from './framing.ts';
import type { Front } from './looks.ts';

/** What one key press does. */
const turnStep = MathUtils.degToRad(15);
const moveStep = 40; // pixels of the view
const zoomStep = 0.85;

/** The camera and how it moves: by pointer, touch, wheel and keys, and on the turntable. */
export class Orbit {
  readonly camera = new PerspectiveCamera(usualFov, 1, 0.01, 100);
  readonly #controls: OrbitControls;
  #bounds: Box3 | null = null;
  #front: Front = 'object';
  #isPerspective = true;
  /** The user has not moved the camera since it was framed. */
  #isAtHome = true;

  constructor(
    surface: HTMLElement,
    /** Asks for a frame. */
    changed: () => void,
    isReduced: boolean,
  ) {
    this.#controls = new OrbitControls(this.camera, surface);
    this.#controls.enableDamping = !isReduced;
    this.#controls.dampingFactor = 0.14;
    this.#controls.autoRotateSpeed = 3;
    this.#controls.addEventListener('change', changed);
    this.#controls.addEventListener('start', () => {
      this.#isAtHome = false;
    });
    this.allowScrolling(true);
  }

  /** Whether a vertical drag with one finger scrolls the page, as it should unless the view fills it. */
  allowScrolling(allows: boolean): void {
    const surface = this.#controls.domElement;
    if (surface) surface.style.touchAction = allows ? 'pan-y' : 'none';
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
    const { aspect } = this.camera;
    const view =
      this.#front === 'photo'
        ? viewOfScene(this.#bounds, aspect, this.#isPerspective)
        : viewOfObject(this.#bounds, aspect);
    this.#jump(view, this.#bounds);
    this.#isAtHome = true;
  }

  resize(width: number, height: number): void {
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    if (this.#isAtHome) this.goHome();
  }

  zoom(isIn: boolean): void {
    this.#isAtHome = false;
    if (isIn) this.#controls.dollyIn(zoomStep);
    else this.#controls.dollyOut(zoomStep);
  }

  /** Handles a key; false if it has no meaning here. */
  press({ key, shiftKey }: KeyboardEvent): boolean {
    const arrow = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
    if (arrow) {
      const [x, y] = arrow as [number, number];
      this.#isAtHome = false;
      if (shiftKey) this.#controls.pan(x * moveStep, y * moveStep);
      else {
        if (x !== 0) this.#controls.rotateLeft(-x * turnStep);
        if (y !== 0) this.#controls.rotateUp(-y * turnStep);
      }
      return true;
    }
    if (key === '+' || key === '=') this.zoom(true);
    else if (key === '-' || key === '_') this.zoom(false);
    else if (key === '0' || key === 'Home') this.goHome();
    else return false;
    return true;
  }

  /** Moves on by a time in seconds, before a frame is drawn. */
  advance(seconds: number): void {
    this.#controls.update(seconds);
    if (this.#bounds) clipAround(this.camera, this.#bounds);
  }

  dispose(): void {
    this.#controls.dispose();
  }

  #jump(view: View, bounds: Box3): void {
    const controls = this.#controls;
    const { enableDamping } = controls;
    // An update without damping ends the movement that is left of the last one.
    controls.enableDamping = false;
    controls.minDistance = 0;
    controls.maxDistance = Infinity;
    controls.update();
    this.camera.fov = view.fov;
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
