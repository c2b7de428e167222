import { en } from './en.ts';

/** The texts of one language. */
export type Texts = typeof en;

/** The texts that the page shows. */
export const texts: Texts = en;
