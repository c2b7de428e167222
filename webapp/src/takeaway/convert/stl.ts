import { STLExporter } from 'three/addons/exporters/STLExporter.js';
import { type Model, placed } from './Model.ts';

/**
 * Returns the model's shape as binary STL, with z up, standing on the ground. STL has numbers
 * without a unit: the longest side has `length` of them.
 */
export function stlOf(model: Model, length: number): ArrayBuffer {
  const { buffer } = new STLExporter().parse(placed(model, length, 'z'), { binary: true });
  return buffer as ArrayBuffer;
}
