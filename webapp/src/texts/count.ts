const whole = new Intl.NumberFormat('en');

/** Formats a whole number, with a comma between thousands. */
export const countInWords = (count: number): string => whole.format(count);

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
