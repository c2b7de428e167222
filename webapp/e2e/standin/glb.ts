import { png } from './png.ts';

/** Where the colors of a mesh are. */
export type Colors = 'vertices' | 'texture';

/** Rows of the ring around it, and of each row. */
const [major, minor] = [48, 24];

/** A picture whose left half is red and whose right half is blue; its upper half is darker. */
export const texture = (): Buffer =>
  png(64, 64, (x, y) => {
    const light = y < 32 ? 128 : 255;
    return x < 32 ? [light, 0, 0] : [0, 0, light];
  });

/**
 * A small GLB: a ring with colors that change around it, like a model server's mesh, or with the
 * texture, in which u goes once around the ring and v once around its tube.
 */
export function ringGlb(colored: Colors = 'vertices'): Buffer {
  const positions: number[] = [];
  const normals: number[] = [];
  const colors: number[] = [];
  const places: number[] = [];
  const indices: number[] = [];
  // A texture's seams need their vertices twice.
  const seam = colored === 'texture' ? 1 : 0;
  for (let i = 0; i < major + seam; i += 1) {
    const a = (i / major) * 2 * Math.PI;
    for (let j = 0; j < minor + seam; j += 1) {
      const b = (j / minor) * 2 * Math.PI;
      const normal = [Math.cos(a) * Math.cos(b), Math.sin(a) * Math.cos(b), Math.sin(b)];
      positions.push(
        ...[Math.cos(a) * 0.34, Math.sin(a) * 0.34, 0].map((c, at) => c + (normal[at] ?? 0) * 0.16),
      );
      normals.push(...normal);
      colors.push(0.5 + 0.5 * Math.cos(a), 0.5 + 0.5 * Math.cos(a + 2.1), 0.5 + 0.5 * Math.cos(a + 4.2), 1);
      places.push(i / major, j / minor);
      if (i === major || j === minor) continue;
      const next = seam ? i + 1 : (i + 1) % major;
      const up = seam ? j + 1 : (j + 1) % minor;
      const at = (row: number, column: number): number => row * (minor + seam) + column;
      indices.push(at(i, j), at(next, j), at(next, up), at(i, j), at(next, up), at(i, up));
    }
  }
  const parts: Buffer[] = [
    bytes(new Float32Array(positions)),
    bytes(new Float32Array(normals)),
    bytes(new Float32Array(colored === 'texture' ? places : colors)),
    bytes(new Uint16Array(indices)),
    ...(colored === 'texture' ? [texture()] : []),
  ];
  let offset = 0;
  const bufferViews = parts.map((part) => {
    const view = { buffer: 0, byteOffset: offset, byteLength: part.byteLength };
    offset += part.byteLength;
    return view;
  });
  const bin = Buffer.concat(parts);
  const count = positions.length / 3;
  const json = {
    asset: { version: '2.0' },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ name: 'ring 1', mesh: 0 }],
    materials: [
      {
        name: 'surface',
        pbrMetallicRoughness: {
          metallicFactor: 0,
          roughnessFactor: 0.7,
          ...(colored === 'texture' ? { baseColorTexture: { index: 0 } } : {}),
        },
      },
    ],
    ...(colored === 'texture'
      ? { textures: [{ source: 0 }], images: [{ bufferView: 4, mimeType: 'image/png' }] }
      : {}),
    meshes: [
      {
        primitives: [
          {
            attributes: {
              POSITION: 0,
              NORMAL: 1,
              ...(colored === 'texture' ? { TEXCOORD_0: 2 } : { COLOR_0: 2 }),
            },
            indices: 3,
            material: 0,
          },
        ],
      },
    ],
    buffers: [{ byteLength: bin.length }],
    bufferViews,
    accessors: [
      {
        bufferView: 0,
        componentType: 5126,
        count,
        type: 'VEC3',
        min: [-0.5, -0.5, -0.16],
        max: [0.5, 0.5, 0.16],
      },
      { bufferView: 1, componentType: 5126, count, type: 'VEC3' },
      { bufferView: 2, componentType: 5126, count, type: colored === 'texture' ? 'VEC2' : 'VEC4' },
      { bufferView: 3, componentType: 5123, count: indices.length, type: 'SCALAR' },
    ],
  };
  const chunk = (kind: number, data: Buffer, fill: number): Buffer => {
    const padded = Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4, fill)]);
    const head = Buffer.alloc(8);
    head.writeUInt32LE(padded.length, 0);
    head.writeUInt32LE(kind, 4);
    return Buffer.concat([head, padded]);
  };
  const body = Buffer.concat([
    chunk(0x4e4f534a, Buffer.from(JSON.stringify(json)), 0x20),
    chunk(0x004e4942, bin, 0),
  ]);
  const head = Buffer.alloc(12);
  head.write('glTF', 0);
  head.writeUInt32LE(2, 4);
  head.writeUInt32LE(12 + body.length, 8);
  return Buffer.concat([head, body]);
}

const bytes = (array: Float32Array | Uint16Array): Buffer => Buffer.from(array.buffer);
