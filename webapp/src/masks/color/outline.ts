/** A raster for outlines: the squared weights of the steps to the next points, and the dual variables. */
export interface Grid {
  readonly width: number;
  readonly across: Float32Array;
  readonly down: Float32Array;
  /** They begin with a row of zeros more: the first row has nothing above it. See `dualOf`. */
  readonly px: Float32Array;
  readonly py: Float32Array;
}

/** A dual variable of a raster, 0 everywhere. */
export const dualOf = (width: number, height: number): Float32Array => new Float32Array(width * (height + 1));

const step = 0.3535;

/**
 * Returns values 0…1 that minimize the sum of fit · value and of the weighted differences between
 * neighbors, by primal-dual steps from a guess; see model-image/server/mask/outline.go. Only the
 * points of the band change, which is given by its runs.
 */
export function outline(
  grid: Grid,
  fit: Float32Array,
  guess: Float32Array,
  band: Int32Array,
  steps: number,
): Float32Array {
  const u = guess.slice();
  const values = { ...grid, fit, u, bar: guess.slice() };
  const lines = linesOf(band, grid.width, u.length);
  const rim = rimOf(band, grid.width, u.length);
  for (let round = 0; round < steps; round += 1) {
    stepRim(values, rim);
    stepBand(values, lines);
  }
  return u;
}

interface Values extends Grid {
  readonly fit: Float32Array;
  readonly u: Float32Array;
  readonly bar: Float32Array;
}

// A line is a run of points of which none is at the rim of the raster, or each is in the same way. It has
// four numbers: the first point, the end, and how far the points on the right and below are; 0 if there
// are none, so that the differences to them are 0.
const lineSize = 4;

/** Divides runs into lines. */
function linesOf(runs: Int32Array, w: number, count: number): Int32Array {
  const lines: number[] = [];
  for (let r = 0; r < runs.length; r += 2) {
    const [start, end] = [runs[r] as number, runs[r + 1] as number];
    const below = end > count - w ? 0 : w;
    const last = end % w === 0 ? end - 1 : end;
    if (start < last) lines.push(start, last, 1, below);
    if (last < end) lines.push(last, end, 0, below);
  }
  return Int32Array.from(lines);
}

/** One step of both variables in the band. A function of its own, which the browser compiles as a whole. */
function stepBand({ width: w, across, down, px, py, fit, u, bar }: Values, lines: Int32Array): void {
  // One pass for both steps: what the dual step of a point takes comes after it, what the primal
  // step takes comes before it.
  for (let line = 0; line < lines.length; line += lineSize) {
    const end = lines[line + 1] as number;
    const right = lines[line + 2] as number;
    const below = lines[line + 3] as number;
    let i = lines[line] as number;
    let here = bar[i] as number;
    // In the last column px stays 0: the first column has nothing on its left.
    let left = px[i + w - 1] as number;
    for (; i < end; i += 1) {
      const next = bar[i + right] as number;
      let qx = (px[i + w] as number) + step * (next - here);
      let qy = (py[i + w] as number) + step * ((bar[i + below] as number) - here);
      // Projects onto the ellipse whose semi-axes are the two weights.
      const a = across[i] as number;
      const b = down[i] as number;
      const n = qx * qx * b + qy * qy * a;
      const most = a * b;
      if (n > most) {
        const factor = Math.sqrt(most / n);
        qx *= factor;
        qy *= factor;
      }
      px[i + w] = qx;
      py[i + w] = qy;
      const before = u[i] as number;
      const v = before + step * (qx + qy - left - (py[i] as number) - (fit[i] as number));
      const now = Math.min(1, Math.max(0, v));
      bar[i] = 2 * now - before;
      u[i] = now;
      left = qx;
      here = next;
    }
  }
}

/** Returns the points outside the band that are on the left of its points, or above them. */
function rimOf(runs: Int32Array, w: number, count: number): Int32Array {
  const isKnown = new Uint8Array(count);
  for (let r = 0; r < runs.length; r += 2) isKnown.fill(1, runs[r], runs[r + 1]);
  const rim: number[] = [];
  const add = (i: number): void => {
    if (isKnown[i]) return;
    isKnown[i] = 1;
    rim.push(i);
  };
  for (let r = 0; r < runs.length; r += 2) {
    const [start, end] = [runs[r] as number, runs[r + 1] as number];
    if (start % w > 0) add(start - 1);
    if (start >= w) for (let i = start; i < end; i += 1) add(i - w);
  }
  return Int32Array.from(rim);
}

/** One step of the dual variables outside the band. */
function stepRim({ width: w, across, down, px, py, bar }: Values, rim: Int32Array): void {
  for (let k = 0; k < rim.length; k += 1) {
    const i = rim[k] as number;
    const here = bar[i] as number;
    const gx = (i + 1) % w === 0 ? 0 : (bar[i + 1] as number) - here;
    const gy = i + w < bar.length ? (bar[i + w] as number) - here : 0;
    const qx = (px[i + w] as number) + step * gx;
    const qy = (py[i + w] as number) + step * gy;
    const a = across[i] as number;
    const b = down[i] as number;
    const factor = Math.sqrt((a * b) / Math.max(qx * qx * b + qy * qy * a, a * b));
    px[i + w] = qx * factor;
    py[i + w] = qy * factor;
  }
}
