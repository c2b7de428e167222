import { decodePng } from '../src/masks/png.testing.ts';
import { readZip } from '../src/takeaway/zip.testing.ts';
import { expect } from './fixtures.ts';

/** A zip file as the USDZ specification (1.3) wants it: nothing compressed, the layer first, all at 64 bytes. */
export function expectUsdz(content: Buffer, meters: number): void {
  const files = readZip(content);
  expect(files.map(({ name }) => name.replace(/\d+/g, 'N'))).toEqual([
    'model.usda',
    'geometries/Geometry_N.usda',
    'textures/Texture_N_false.png',
  ]);
  for (const { name, start } of files) expect(start % 64, name).toBe(0);
  const [layer, geometry, picture] = files.map((file) => file.content);
  if (!layer || !geometry || !picture) throw new Error('too few files');
  const root = layer.toString();
  expect(root).toMatch(/^#usda 1\.0\n/);
  expect(root).toContain('metersPerUnit = 1');
  expect(root).toContain('upAxis = "Y"');
  expect(root).toMatch(/asset inputs:file = @textures\/Texture_\d+_false\.png@/);
  // The ring's longest sides are 1 long.
  const scale = Number(/xformOp:transform = \( \(([\d.e-]+),/.exec(root)?.[1]);
  expect(scale).toBeCloseTo(meters, 6);
  // The first vertex is at the top of the picture, where USD's coordinate is 1.
  const places = /texCoord2f\[\] primvars:st = \[\(([\d.]+), ([\d.]+)\)/.exec(geometry.toString());
  expect(places?.slice(1).map(Number)).toEqual([0, 1]);
  const { width, height, data } = decodePng(picture);
  expect([width, height]).toEqual([64, 64]);
  const pixel = (x: number, y: number): number[] => [...data.slice((y * 64 + x) * 4, (y * 64 + x) * 4 + 3)];
  expect([pixel(5, 5), pixel(5, 60), pixel(60, 60)]).toEqual([
    [128, 0, 0],
    [255, 0, 0],
    [0, 0, 255],
  ]);
}
