/** A kind of file that is made of an object, as internal/job/format.go describes it. */
export interface FormatInfo {
  readonly format: FileFormat;
  readonly title: string;
  /** What is in the file. */
  readonly content: string;
  /** What the file is for. */
  readonly use: string;
}

/** The formats that a user can choose from; formats.test.ts holds them equal to testdata/formats.json. */
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
] as const;

export type FileFormat = (typeof formats)[number]['format'];

/** The description of a format; undefined for a name that is none. */
export const formatInfo = (name: string): FormatInfo | undefined =>
  formats.find((info) => info.format === name);
