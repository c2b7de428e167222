/** A file format of an object's mesh, as internal/job/format.go describes it. */
export interface FormatInfo {
  readonly format: FileFormat;
  readonly title: string;
  /** What the file contains. */
  readonly content: string;
  /** What the file is used for. */
  readonly use: string;
}

/**
 * The formats that a user can choose; formats.test.ts checks that testdata/formats.json has the
 * same.
 */
export const formats = [
  {
    format: 'glb',
    title: 'GLB',
    content: 'mesh',
    use: 'glTF 2.0 binary, for viewers, games and the web',
  },
  {
    format: 'ply',
    title: 'PLY',
    content: 'mesh',
    use: 'the same mesh, for Blender, MeshLab and printing',
  },
  {
    format: 'splat',
    title: 'Splat',
    content: 'Gaussian splat',
    use: 'as PLY with the fields of 3D Gaussian Splatting',
  },
  {
    format: 'spz',
    title: 'SPZ',
    content: 'Gaussian splat',
    use: 'the same splat, compressed for viewers and the web',
  },
] as const;

export type FileFormat = (typeof formats)[number]['format'];

/** Returns the description of a format; undefined for an unknown name. */
export const formatInfo = (name: string): FormatInfo | undefined =>
  formats.find((info) => info.format === name);
