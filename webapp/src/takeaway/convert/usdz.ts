import { Scene } from 'three';
import { USDZExporter } from 'three/addons/exporters/USDZExporter.js';
import { type Model, placed } from './Model.ts';

/** The longest side of a texture in pixels, more than which a phone's memory may not hold. */
const maxTextureSize = 2048;

/** A texture that the browser, or its worker, cannot decode. */
export class UndecodedTexture extends Error {}

/**
 * Returns the model as USDZ, with +Y up, standing on the ground, its longest side `meters` long.
 * Needs a `document`, whose canvas encodes the textures. Rejects with UndecodedTexture if one is missing.
 */
export async function usdzOf(model: Model, meters: number): Promise<Uint8Array<ArrayBuffer>> {
  for (const material of model.pictures.keys()) {
    // The loader leaves out what it cannot decode.
    if (!material.map) throw new UndecodedTexture('the texture cannot be decoded');
  }
  const scene = new Scene();
  scene.add(placed(model, meters, 'y'));
  return new USDZExporter().parseAsync(scene, { maxTextureSize, quickLookCompatible: true }) as Promise<
    Uint8Array<ArrayBuffer>
  >;
}
