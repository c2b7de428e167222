import { gzipSync } from 'node:zlib';

interface Gaussian {
  readonly place: readonly number[];
  /** 0 to 1. */
  readonly color: readonly number[];
}

const opacity = 0.95;
/** Standard deviation along every axis. */
const size = 0.014;
const harmonic0 = 0.28209479177387814;

/** The ring of ringGlb as Gaussians. */
function ring(): Gaussian[] {
  const gaussians: Gaussian[] = [];
  const [major, minor] = [120, 40];
  for (let i = 0; i < major; i += 1) {
    const a = (i / major) * 2 * Math.PI;
    for (let j = 0; j < minor; j += 1) {
      const b = (j / minor) * 2 * Math.PI;
      const radius = 0.34 + 0.16 * Math.cos(b);
      gaussians.push({
        place: [Math.cos(a) * radius, Math.sin(a) * radius, 0.16 * Math.sin(b)],
        color: [0, 2.1, 4.2].map((shift) => 0.5 + 0.5 * Math.cos(a + shift)),
      });
    }
  }
  return gaussians;
}

/** As SPZ version 2: github.com/nianticlabs/spz, src/cc/load-spz.cc. */
export function ringSpz(): Buffer {
  const gaussians = ring();
  const head = Buffer.alloc(16);
  head.writeUInt32LE(0x5053474e, 0);
  head.writeUInt32LE(2, 4);
  head.writeUInt32LE(gaussians.length, 8);
  head[13] = 12;
  const parts = [
    gaussians.flatMap(({ place }) =>
      place.flatMap((v) => [0, 8, 16].map((shift) => (Math.round(v * 4096) >> shift) & 255)),
    ),
    gaussians.map(() => Math.round(255 * opacity)),
    gaussians.flatMap(({ color }) =>
      color.map((v) => Math.round(255 * (0.5 + (0.15 * (v - 0.5)) / harmonic0))),
    ),
    gaussians.flatMap(() => Array(3).fill(Math.round(16 * (Math.log(size) + 10)))),
    gaussians.flatMap(() => Array(3).fill(128)),
  ];
  return gzipSync(Buffer.concat([head, ...parts.map((part) => Buffer.from(part))]));
}

/** In the PLY layout of 3D Gaussian Splatting, without harmonics above degree 0. */
export function ringPly(): Buffer {
  const gaussians = ring();
  const names = 'x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3'.split(
    ' ',
  );
  const header = [
    'ply',
    'format binary_little_endian 1.0',
    `element vertex ${gaussians.length}`,
    ...names.map((name) => `property float ${name}`),
    'end_header\n',
  ].join('\n');
  const values = gaussians.flatMap(({ place, color }) => [
    ...place,
    ...color.map((v) => (v - 0.5) / harmonic0),
    Math.log(opacity / (1 - opacity)),
    ...Array(3).fill(Math.log(size)),
    ...[1, 0, 0, 0],
  ]);
  return Buffer.concat([Buffer.from(header, 'latin1'), Buffer.from(new Float32Array(values).buffer)]);
}
