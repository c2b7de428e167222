import { texts } from './texts/texts.ts';

/** A quality of a job's objects, as internal/job/quality.go describes it. */
export interface QualityInfo {
  readonly quality: Quality;
  readonly title: string;
  /** What it is for and what it costs. */
  readonly cost: string;
  /** The target for the triangles of the textured mesh. */
  readonly faces: number;
}

/** The qualities; qualities.test.ts checks that testdata/qualities.json has the same. */
export const qualities = [
  {
    quality: 'draft',
    ...texts.qualities.draft,
    faces: 15_000,
  },
  {
    quality: 'standard',
    ...texts.qualities.standard,
    faces: 50_000,
  },
  {
    quality: 'high',
    ...texts.qualities.high,
    faces: 150_000,
  },
] as const;

export type Quality = (typeof qualities)[number]['quality'];

export const defaultQuality: Quality = 'standard';

/** The range of a job's faces; qualities.test.ts checks that openapi.yaml has the same. */
export const facesRange = { least: 1000, most: 500_000 } as const;

/** Returns the description of a quality, or of the default for an unknown name. */
export const qualityInfo = (name: string): QualityInfo =>
  qualities.find((info) => info.quality === name) ?? qualities[1];
