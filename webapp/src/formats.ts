/** A file format of an object's mesh, as internal/job/format.go describes it. */
export interface FormatInfo {
  readonly format: FileFormat;
  readonly title: string;
  /** What the file contains. */
  readonly content: string;
  /** What the file is used for. */
  readonly use: string;
  /** Whether the file is made unless the user chooses otherwise. */
  readonly default: boolean;
}

/**
 * The formats that a user can choose; formats.test.ts checks that testdata/formats.json has the
 * same.
 */
export const formats = [
  {
    format: 'glb',
    title: 'GLB',
    content: 'light, textured mesh',
    use: 'glTF 2.0 binary, for viewers, games and the web',
    default: true,
  },
  {
    format: 'glb-dense',
    title: 'Dense GLB',
    content: 'whole mesh',
    use: 'glTF 2.0 binary with colored vertices, as the PLY',
    default: false,
  },
  {
    format: 'ply',
    title: 'PLY',
    content: 'whole mesh',
    use: 'with colored vertices, for Blender, MeshLab and printing',
    default: true,
  },
  {
    format: 'splat',
    title: 'Splat',
    content: 'Gaussian splat',
    use: 'as PLY with the fields of 3D Gaussian Splatting',
    default: true,
  },
  {
    format: 'spz',
    title: 'SPZ',
    content: 'Gaussian splat',
    use: 'the same splat, compressed for viewers and the web',
    default: true,
  },
] as const;

export type FileFormat = (typeof formats)[number]['format'];

/** Returns the description of a format; undefined for an unknown name. */
export const formatInfo = (name: string): FormatInfo | undefined =>
  formats.find((info) => info.format === name);
