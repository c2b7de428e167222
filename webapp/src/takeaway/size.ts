/** The units of a file's coordinates, in meters. */
export const units = { mm: 0.001, cm: 0.01, m: 1, in: 0.0254 } as const;

export type Unit = keyof typeof units;

/** The length of the longest side of a mesh. */
export interface Size {
  readonly length: number;
  readonly unit: Unit;
}

/**
 * Slicers read the numbers of an STL file as millimeters, and ten centimeters fit on the bed of a
 * usual printer.
 */
export const usualSize: Size = { length: 100, unit: 'mm' };

/** Coordinates are stored as 32-bit floats; more is a mistake of typing. */
const longest = 1_000_000;

export const isUnit = (text: string): text is Unit => Object.hasOwn(units, text);

/** Parses a length as a user types it, with a point or a comma; null if it cannot be one. */
export function parseLength(text: string): number | null {
  const clean = text.trim().replace(',', '.');
  if (!/^(\d+\.?\d*|\.\d+)$/.test(clean)) return null;
  const length = Number(clean);
  return length > 0 && length <= longest ? length : null;
}

export const inMeters = ({ length, unit }: Size): number => length * units[unit];

const key = 'gen3d.size';

/** Returns the size that was chosen last in this browser, or the usual one. */
export function rememberedSize(): Size {
  try {
    const { length, unit } = JSON.parse(localStorage.getItem(key) ?? '') as Record<string, unknown>;
    const parsed = parseLength(String(length));
    if (parsed !== null && typeof unit === 'string' && isUnit(unit)) return { length: parsed, unit };
  } catch {
    // Nothing is stored, or the browser stores nothing.
  }
  return usualSize;
}

export function rememberSize(size: Size): void {
  try {
    localStorage.setItem(key, JSON.stringify(size));
  } catch {
    // The browser stores nothing; the choice lasts as long as the page.
  }
}
