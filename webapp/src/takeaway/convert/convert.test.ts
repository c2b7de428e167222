import { expect, it, vi } from 'vitest';
import { ringGlb, texture } from '../../../e2e/standin/glb.ts';
import type { Size } from '../size.ts';
import { readZip } from '../zip.testing.ts';
import { convert, type Target } from './convert.ts';

// Node.js has no canvas: pictures are kept as they are stored, and not decoded. A browser test
// makes the USDZ.
vi.stubGlobal('self', globalThis);

const size: Size = { length: 80, unit: 'mm' };

async function converted(glb: Buffer, target: Target) {
  const { file, ...rest } = await convert({
    glb: new Blob([new Uint8Array(glb)]),
    target,
    size,
    stem: 'Käse 1-cup',
  });
  return { ...rest, bytes: Buffer.from(await file.arrayBuffer()) };
}

const numbers = (obj: string, kind: string): number[][] =>
  obj
    .split('\n')
    .filter((line) => line.startsWith(`${kind} `))
    .map((line) => line.split(' ').slice(1).map(Number));

it('writes colors of vertices in sRGB behind their positions', async () => {
  const { bytes, suffix, isWithoutColors } = await converted(ringGlb(), 'obj');
  expect([suffix, isWithoutColors]).toEqual(['.obj', false]);
  const obj = bytes.toString();
  const vertices = numbers(obj, 'v');
  expect(vertices).toHaveLength(48 * 24);
  // The first vertex's color in linear light, 1, 0.2476 and 0.2548, and in sRGB.
  expect(vertices[0]?.map((n) => Math.round(n * 100) / 100)).toEqual([0.5, 0, 0, 1, 0.53, 0.54]);
  expect(numbers(obj, 'f')).toHaveLength(48 * 24 * 2);
  expect(obj).toContain('o ring 1\n');
  expect(obj).not.toMatch(/mtllib|usemtl/);
});

it('writes a textured mesh as a zip with its material and the texture as it is stored', async () => {
  const { bytes, suffix } = await converted(ringGlb('texture'), 'obj');
  expect(suffix).toBe('-obj.zip');
  const entries = new Map(readZip(bytes).map(({ name, content }) => [name, content]));
  expect([...entries.keys()]).toEqual(['K_se_1-cup.obj', 'K_se_1-cup.mtl', 'K_se_1-cup.png']);
  expect(entries.get('K_se_1-cup.png')).toEqual(texture());
  const material = entries.get('K_se_1-cup.mtl')?.toString();
  expect(material).toMatch(/^newmtl surface-1\nKd 1.0000 1.0000 1.0000\n[\s\S]*map_Kd K_se_1-cup.png\n$/);
  const obj = entries.get('K_se_1-cup.obj')?.toString() ?? '';
  expect(obj).toMatch(/^mtllib K_se_1-cup.mtl\n/);
  expect(obj).toContain('usemtl surface-1\n');
  const places = numbers(obj, 'vt');
  // The first vertex is at the top of the picture, where OBJ's coordinate is 1.
  expect(places[0]).toEqual([0, 1]);
  expect(places.at(-1)).toEqual([1, 0]);
});

it('writes the shape as STL of the size, upright on the ground', async () => {
  const { bytes, suffix, isWithoutColors } = await converted(ringGlb(), 'stl');
  expect([suffix, isWithoutColors]).toEqual(['.stl', true]);
  const triangles = bytes.readUInt32LE(80);
  expect(triangles).toBe(48 * 24 * 2);
  expect(bytes.length).toBe(84 + 50 * triangles);
  const sides = [0, 1, 2].map((axis) => {
    const all: number[] = [];
    for (let n = 0; n < triangles * 3; n += 1)
      all.push(bytes.readFloatLE(84 + 50 * Math.floor(n / 3) + 12 * ((n % 3) + 1) + 4 * axis));
    return [Math.min(...all), Math.max(...all)].map((side) => Math.round(side * 1000) / 1000 + 0);
  });
  // The ring, which is flat along z and stands on its edge along y, then stands along z.
  expect(sides).toEqual([
    [-40, 40],
    [-12.8, 12.8],
    [0, 80],
  ]);
});

it('rejects what is no GLB', async () => {
  await expect(converted(Buffer.from('<Error/>'), 'stl')).rejects.toThrow();
});
