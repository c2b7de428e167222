import { texts } from './texts/texts.ts';

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
    ...texts.formats.glb,
    default: true,
  },
  {
    format: 'glb-dense',
    ...texts.formats['glb-dense'],
    default: false,
  },
  {
    format: 'ply',
    ...texts.formats.ply,
    default: true,
  },
  {
    format: 'splat',
    ...texts.formats.splat,
    default: true,
  },
  {
    format: 'spz',
    ...texts.formats.spz,
    default: true,
  },
] as const;

export type FileFormat = (typeof formats)[number]['format'];

/** Returns the description of a format; undefined for an unknown name. */
export const formatInfo = (name: string): FormatInfo | undefined =>
  formats.find((info) => info.format === name);
