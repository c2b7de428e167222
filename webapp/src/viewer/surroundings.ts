import {
  BackSide,
  BoxGeometry,
  Color,
  type Material,
  Mesh,
  MeshBasicMaterial,
  PMREMGenerator,
  Scene,
  ShaderMaterial,
  SphereGeometry,
  type Texture,
  type WebGLRenderer,
} from 'three';
import { RoomEnvironment } from 'three/addons/environments/RoomEnvironment.js';
import type { Environment } from './looks.ts';
import { programsReady, rehearsing } from './programs.ts';

/**
 * Side in texels of the light's picture. Meshes reflect no details; a larger one takes a computer without
 * a GPU many seconds.
 */
const side = 64;

/** A dome whose color changes from the ground over the horizon to the zenith. */
function dome(zenith: Color, horizon: Color, ground: Color): Mesh {
  const material = new ShaderMaterial({
    side: BackSide,
    depthWrite: false,
    uniforms: { zenith: { value: zenith }, horizon: { value: horizon }, ground: { value: ground } },
    vertexShader: `
      varying vec3 direction;
      void main() {
        direction = position;
        gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
      }`,
    fragmentShader: `
      uniform vec3 zenith, horizon, ground;
      varying vec3 direction;
      void main() {
        float height = normalize(direction).y;
        vec3 sky = mix(horizon, zenith, pow(max(height, 0.0), 0.6));
        gl_FragColor = vec4(mix(sky, ground, smoothstep(0.0, -0.25, height)), 1.0);
      }`,
  });
  return new Mesh(new SphereGeometry(40, 32, 24), material);
}

/** A panel of light, `strength` times as bright as white. */
function lamp(color: Color, strength: number, place: [number, number, number], size: number): Mesh {
  const material = new MeshBasicMaterial({ color: color.clone().multiplyScalar(strength) });
  const panel = new Mesh(new BoxGeometry(size, size, 0.2), material);
  panel.position.set(...place);
  panel.lookAt(0, 0, 0);
  return panel;
}

function daylight(): Scene {
  const scene = new Scene();
  scene.add(
    dome(new Color(0.55, 0.85, 1.5), new Color(1.3, 1.4, 1.5), new Color(0.42, 0.38, 0.33)),
    lamp(new Color(1, 0.95, 0.84), 60, [9, 16, 11], 5),
  );
  return scene;
}

function evening(): Scene {
  const scene = new Scene();
  scene.add(
    dome(new Color(0.05, 0.06, 0.14), new Color(0.32, 0.2, 0.24), new Color(0.06, 0.05, 0.06)),
    lamp(new Color(1, 0.62, 0.32), 34, [13, 5, 9], 7),
    lamp(new Color(0.35, 0.55, 1), 26, [-14, 6, -8], 7),
    lamp(new Color(0.85, 0.8, 1), 5, [-6, 10, 12], 7),
  );
  return scene;
}

const sceneOf: Readonly<Record<Environment, () => Scene>> = {
  studio: () => new RoomEnvironment(),
  daylight,
  evening,
};

/** Renders the light of an environment, blurred for each roughness. The caller disposes of it. */
export async function lightOf(environment: Environment, renderer: WebGLRenderer): Promise<Texture> {
  const scene = sceneOf[environment]();
  const light = (generator: PMREMGenerator) => generator.fromScene(scene, 0.04, 0.1, 100, { size: side });
  const rehearsal = new PMREMGenerator(rehearsing(renderer));
  const compiled = light(rehearsal);
  await programsReady(renderer);
  const generator = new PMREMGenerator(renderer);
  const { texture } = light(generator);
  compiled.dispose();
  for (const one of [rehearsal, generator]) one.dispose();
  scene.traverse((part) => {
    if (!(part instanceof Mesh)) return;
    part.geometry.dispose();
    (part.material as Material).dispose();
  });
  return texture;
}
