import { emptyGaussians, type Gaussians, harmonic0, mostGaussians } from './Gaussians.ts';

/** "NGSP" in little-endian order. */
const magic = 0x5053474e;
const headerBytes = 16;
/** Of a Gaussian without harmonics above degree 0. */
const bytesEach = 19;
const colorScale = 0.15;

/**
 * Reads SPZ version 2 (github.com/nianticlabs/spz, src/cc/load-spz.cc): a gzip stream of a header and,
 * for all Gaussians after each other, positions in fixed point, opacities, colors, logarithms of scales,
 * and the x, y and z of rotations. Harmonics above degree 0, which follow, are left out. Throws an error
 * for anything else.
 */
export async function readSpz(file: ArrayBuffer): Promise<Gaussians> {
  const unpacked = new Blob([file]).stream().pipeThrough(new DecompressionStream('gzip'));
  const data = new DataView(await new Response(unpacked).arrayBuffer());
  if (data.byteLength < headerBytes || data.getUint32(0, true) !== magic) throw new Error('not an SPZ file');
  const version = data.getUint32(4, true);
  if (version !== 2) throw new Error(`SPZ version ${version} is not read`);
  const count = data.getUint32(8, true);
  if (count === 0 || count > mostGaussians || data.byteLength < headerBytes + count * bytesEach)
    throw new Error('the SPZ file is incomplete');
  const unit = 2 ** -data.getUint8(13);
  const made = emptyGaussians(count);
  const { positions, scales, rotations, colors } = made;
  const bytes = new Uint8Array(data.buffer, headerBytes);
  const opacityAt = count * 9;
  const colorAt = count * 10;
  const scaleAt = count * 13;
  const rotationAt = count * 16;
  const byte = (at: number): number => bytes[at] as number;
  for (let i = 0; i < count * 3; i += 1) {
    // The third byte's sign bit is moved to the top of 32 bits and back.
    const fixed = (byte(i * 3) << 8) | (byte(i * 3 + 1) << 16) | (byte(i * 3 + 2) << 24);
    positions[i] = (fixed >> 8) * unit;
    scales[i] = Math.exp(byte(scaleAt + i) / 16 - 10);
  }
  for (let i = 0; i < count; i += 1) {
    for (let c = 0; c < 3; c += 1) {
      const coefficient = (byte(colorAt + i * 3 + c) / 255 - 0.5) / colorScale;
      colors[i * 4 + c] = 255 * (0.5 + harmonic0 * coefficient);
    }
    colors[i * 4 + 3] = byte(opacityAt + i);
    const x = byte(rotationAt + i * 3) / 127.5 - 1;
    const y = byte(rotationAt + i * 3 + 1) / 127.5 - 1;
    const z = byte(rotationAt + i * 3 + 2) / 127.5 - 1;
    rotations.set([Math.sqrt(Math.max(0, 1 - x * x - y * y - z * z)), x, y, z], i * 4);
  }
  return made;
}
