import { emptyGaussians, type Gaussians, harmonic0, mostGaussians } from './Gaussians.ts';

/** The fields of 3D Gaussian Splatting's PLY files that are read. */
const fields = [
  ...['x', 'y', 'z', 'f_dc_0', 'f_dc_1', 'f_dc_2', 'opacity'],
  ...['scale_0', 'scale_1', 'scale_2', 'rot_0', 'rot_1', 'rot_2', 'rot_3'],
] as const;
type Field = (typeof fields)[number];

/** Longest header that is searched for its end. */
const longestHeader = 16_384;

interface Layout {
  readonly count: number;
  readonly start: number;
  /** Floats of one Gaussian. */
  readonly stride: number;
  /** Position of each field among them. */
  readonly at: Readonly<Record<Field, number>>;
}

/** Reads a PLY header of one element, `vertex`, whose properties are floats. */
function layoutOf(file: ArrayBuffer): Layout {
  const start = new Uint8Array(file, 0, Math.min(file.byteLength, longestHeader));
  const text = new TextDecoder('latin1').decode(start);
  const end = text.indexOf('end_header\n');
  if (!text.startsWith('ply\n') || end < 0) throw new Error('not a PLY file');
  const lines = text.slice(0, end).split('\n');
  const count = Number(/^element vertex (\d+)$/m.exec(text.slice(0, end))?.[1] ?? 0);
  const properties = lines.filter((line) => line.startsWith('property ')).map((line) => line.split(' '));
  const names = properties.map((words) => words.at(-1) ?? '');
  const isRead =
    lines.includes('format binary_little_endian 1.0') &&
    lines.filter((line) => line.startsWith('element ')).length === 1 &&
    properties.every(([, type]) => type === 'float' || type === 'float32');
  if (!isRead) throw new Error('a PLY file of another form');
  const at = Object.fromEntries(fields.map((name) => [name, names.indexOf(name)])) as Record<Field, number>;
  if (Object.values(at).includes(-1)) throw new Error('the PLY file has no Gaussians');
  const layout = { count, start: end + 'end_header\n'.length, stride: names.length, at };
  if (count === 0 || count > mostGaussians || file.byteLength < layout.start + count * names.length * 4)
    throw new Error('the PLY file is incomplete');
  return layout;
}

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

/**
 * Reads a splat in the PLY layout of 3D Gaussian Splatting (graphdeco-inria/gaussian-splatting,
 * scene/gaussian_model.py, save_ply). Harmonics above degree 0 are left out. Throws an error for
 * anything else.
 */
export function readPly(file: ArrayBuffer): Gaussians {
  const { count, start, stride, at } = layoutOf(file);
  const made = emptyGaussians(count);
  const { positions, scales, rotations, colors } = made;
  // Copied to begin at a multiple of four bytes.
  const values = new Float32Array(file.slice(start, start + count * stride * 4));
  const numbered = (names: readonly Field[]): number[] => names.map((name) => at[name]);
  const [position, color] = [numbered(['x', 'y', 'z']), numbered(['f_dc_0', 'f_dc_1', 'f_dc_2'])];
  const scale = numbered(['scale_0', 'scale_1', 'scale_2']);
  const rotation = numbered(['rot_0', 'rot_1', 'rot_2', 'rot_3']);
  for (let i = 0; i < count; i += 1) {
    const value = (field: number | undefined): number => values[i * stride + (field as number)] as number;
    for (let c = 0; c < 3; c += 1) {
      positions[i * 3 + c] = value(position[c]);
      scales[i * 3 + c] = Math.exp(value(scale[c]));
      colors[i * 4 + c] = 255 * (0.5 + harmonic0 * value(color[c]));
    }
    colors[i * 4 + 3] = 255 * sigmoid(value(at.opacity));
    const turn = rotation.map(value);
    const length = Math.hypot(...turn) || 1;
    for (let c = 0; c < 4; c += 1) rotations[i * 4 + c] = (turn[c] as number) / length;
  }
  return made;
}
