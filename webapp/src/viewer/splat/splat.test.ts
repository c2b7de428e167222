import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ringPly, ringSpz } from '../../../e2e/standin/splat.ts';
import { backToFront } from './order.ts';
import { pack, perRow, texelsEach } from './packing.ts';
import { readPly } from './ply.ts';
import { readSpz } from './spz.ts';

const bytes = (file: Buffer): ArrayBuffer => Uint8Array.from(file).buffer;
const near = (values: ArrayLike<number>, others: ArrayLike<number>, least: number): void => {
  expect(values.length).toBe(others.length);
  for (let i = 0; i < values.length; i += 1)
    expect(Math.abs((values[i] ?? 0) - (others[i] ?? 0))).toBeLessThanOrEqual(least);
};

it('reads the same Gaussians from SPZ and PLY, but for rounding', async () => {
  const [spz, ply] = [await readSpz(bytes(ringSpz())), readPly(bytes(ringPly()))];
  expect(spz.count).toBe(4800);
  expect(ply.count).toBe(4800);
  near(spz.positions, ply.positions, 1 / 8192 + 1e-6);
  near(spz.colors, ply.colors, 2);
  near(spz.scales.map(Math.log), ply.scales.map(Math.log), 1 / 32 + 1e-5);
  near(spz.rotations, ply.rotations, 0.01);
});

it('reads negative positions and a turned Gaussian from SPZ', async () => {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(0x5053474e, 0);
  head.writeUInt32LE(2, 4);
  head.writeUInt32LE(1, 8);
  head[13] = 12;
  const fixed = (v: number): number[] => [0, 8, 16].map((shift) => (Math.round(v * 4096) >> shift) & 255);
  const half = Math.round(127.5 * (1 + Math.SQRT1_2));
  const body = [
    ...fixed(-1.5),
    ...fixed(0.25),
    ...fixed(-0.001),
    255,
    128,
    0,
    255,
    160,
    144,
    176,
    128,
    half,
    128,
  ];
  const made = await readSpz(bytes(gzipSync(Buffer.concat([head, Buffer.from(body)]))));
  near(made.positions, [-1.5, 0.25, -0.001], 1 / 8192);
  near(made.scales, [1, Math.exp(-1), Math.exp(1)], 1e-6);
  near(made.rotations, [Math.SQRT1_2, 0, Math.SQRT1_2, 0], 0.01);
  expect(made.colors[3]).toBe(255);
});

describe('a file that is not a splat', () => {
  it('is refused as SPZ', async () => {
    await expect(readSpz(bytes(Buffer.from('not a gzip stream')))).rejects.toThrow();
    await expect(readSpz(bytes(gzipSync(Buffer.from('too short'))))).rejects.toThrow('not an SPZ file');
    const cut = gzipSync(Buffer.concat([Buffer.from('NGSP'.split('').reverse().join('')), Buffer.alloc(40)]));
    await expect(readSpz(bytes(cut))).rejects.toThrow();
  });

  it('is refused as PLY', () => {
    expect(() => readPly(bytes(Buffer.from('not a mesh')))).toThrow('not a PLY file');
    const whole = ringPly();
    expect(() => readPly(bytes(whole.subarray(0, whole.length - 4)))).toThrow('incomplete');
    const mesh = Buffer.from(whole.toString('latin1').replace('opacity', 'shading'), 'latin1');
    expect(() => readPly(bytes(mesh))).toThrow('no Gaussians');
    const text = Buffer.from(whole.toString('latin1').replace('binary_little_endian', 'ascii'), 'latin1');
    expect(() => readPly(bytes(text))).toThrow('another form');
  });
});

it('orders points from the farthest to the nearest in the direction of the view', () => {
  const points = new Float32Array([0, 0, 0, 0, 0, 5, 0, 0, -3, 0, 0, 1]);
  expect([...backToFront(points, [0, 0, -1])]).toEqual([2, 0, 3, 1]);
  expect([...backToFront(points, [0, 0, 1])]).toEqual([1, 3, 0, 2]);
  // All at the same depth: in the order of the file.
  expect([...backToFront(points, [1, 0, 0])]).toEqual([0, 1, 2, 3]);
});

it('packs positions, colors and covariances as the shader reads them', () => {
  const half = Math.SQRT1_2;
  const packed = pack({
    count: 1,
    positions: new Float32Array([1, 2, 3]),
    // A quarter turn around Z exchanges the axes X and Y.
    scales: new Float32Array([2, 1, 0.5]),
    rotations: new Float32Array([half, 0, 0, half]),
    colors: Uint8ClampedArray.of(255, 128, 0, 64),
  });
  const floats = new Float32Array(packed.words.buffer);
  expect(packed.words.length).toBe(perRow * texelsEach * 4);
  near(floats.subarray(0, 3), [1, 2, 3], 0);
  expect(packed.words[3]).toBe(255 + 128 * 256 + 64 * 2 ** 24);
  near(floats.subarray(4, 10), [1, 0, 0, 4, 0, 0.25], 1e-6);
  expect([packed.least, packed.most]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
});
