import { Random } from './random.ts';

/** Numbers of a feature: the color in OKLab times 100, then the position across and down the box. */
export const featureSize = 5;

const components = 8;
const mostSamples = 2000;
const noiseFloor = 2.0;
const placeFloor = 9;
const fitRounds = 8;
/** Below any log density that matters. */
const nothing = -60;
/** Nats below the most likely component at which another hardly adds to a density. */
const tail = -6;

/**
 * A Gaussian mixture over features; see model-image/server/mask/mixture.go. Each component has 14
 * numbers: mean (5), inverse variances of the position (2), inverse covariance of the color (6), and
 * the logarithm of weight and normalization.
 */
export class Mixture {
  private constructor(private readonly parts: Float32Array) {}

  /** Fits a mixture to the features with these indexes: k-means clusters, each fitted with a Gaussian. */
  static of(features: Float32Array, samples: Int32Array): Mixture {
    let chosen = samples;
    if (samples.length > mostSamples) {
      const step = samples.length / mostSamples;
      chosen = new Int32Array(mostSamples);
      for (let i = 0; i < mostSamples; i += 1) chosen[i] = samples[Math.floor(i * step)] as number;
    }
    if (chosen.length === 0) return new Mixture(new Float32Array(0));
    const values = new Float32Array(chosen.length * featureSize);
    for (let i = 0; i < chosen.length; i += 1) {
      const at = (chosen[i] as number) * featureSize;
      for (let k = 0; k < featureSize; k += 1) values[i * featureSize + k] = features[at + k] as number;
    }
    const centers = spreadCenters(values);
    const clusters = centers.length / featureSize;
    const member = new Uint8Array(chosen.length);
    for (let round = 0; round < fitRounds; round += 1) {
      const sums = new Float64Array(clusters * 6);
      let moved = round === 0;
      for (let i = 0; i < member.length; i += 1) {
        const j = nearest(centers, clusters, values, i * featureSize);
        if (member[i] !== j) moved = true;
        member[i] = j;
        for (let k = 0; k < featureSize; k += 1)
          sums[j * 6 + k] = (sums[j * 6 + k] as number) + (values[i * featureSize + k] as number);
        sums[j * 6 + 5] = (sums[j * 6 + 5] as number) + 1;
      }
      // The centers would be the same again.
      if (!moved) break;
      for (let j = 0; j < clusters; j += 1) {
        const count = sums[j * 6 + 5] as number;
        if (count === 0) continue;
        for (let k = 0; k < featureSize; k += 1)
          centers[j * featureSize + k] = (sums[j * 6 + k] as number) / count;
      }
    }
    return new Mixture(gaussians(values, member, clusters));
  }

  get isEmpty(): boolean {
    return this.parts.length === 0;
  }

  /** Returns the natural logarithm of the density at the feature at an offset of `features`. */
  logDensity(features: Float32Array, at: number): number {
    const p = this.parts;
    const a = features[at] as number;
    const b = features[at + 1] as number;
    const c = features[at + 2] as number;
    const d = features[at + 3] as number;
    const e = features[at + 4] as number;
    let most = nothing;
    for (let j = 0; j < p.length; j += 14) {
      const x = a - (p[j] as number);
      const y = b - (p[j + 1] as number);
      const z = c - (p[j + 2] as number);
      const u = d - (p[j + 3] as number);
      const v = e - (p[j + 4] as number);
      const log =
        (p[j + 13] as number) -
        0.5 * (x * x * (p[j + 7] as number) + y * y * (p[j + 10] as number) + z * z * (p[j + 12] as number)) -
        (x * y * (p[j + 8] as number) + x * z * (p[j + 9] as number) + y * z * (p[j + 11] as number)) -
        0.5 * (u * u * (p[j + 5] as number) + v * v * (p[j + 6] as number));
      logs[j / 14] = log;
      if (log > most) most = log;
    }
    let sum = 0;
    for (let j = 0; j < p.length / 14; j += 1) {
      const below = (logs[j] as number) - most;
      if (below > tail) sum += Math.exp(below);
    }
    return sum === 0 ? nothing : most + Math.log(sum);
  }
}

const logs = new Float64Array(components);

/** Initial centers by k-means++, drawn with a random source that is seeded with a constant. */
function spreadCenters(values: Float32Array): Float32Array {
  const random = new Random(1n, 2n);
  const count = values.length / featureSize;
  const centers = new Float32Array(components * featureSize);
  const take = (sample: number, clusters: number): void =>
    centers.set(values.subarray(sample * featureSize, (sample + 1) * featureSize), clusters * featureSize);
  take(random.below(count), 0);
  // From the nearest center.
  const far = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  let clusters = 1;
  for (; clusters < components; clusters += 1) {
    let sum = 0;
    for (let i = 0; i < count; i += 1) {
      const d = distance(values, i * featureSize, centers, (clusters - 1) * featureSize);
      if (d < (far[i] as number)) far[i] = d;
      sum += far[i] as number;
    }
    if (sum === 0) break;
    let pick = random.share() * sum;
    let chosen = count - 1;
    for (let i = 0; i < count; i += 1) {
      pick -= far[i] as number;
      if (pick < 0) {
        chosen = i;
        break;
      }
    }
    take(chosen, clusters);
  }
  return centers.slice(0, clusters * featureSize);
}

function nearest(centers: Float32Array, clusters: number, values: Float32Array, at: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let j = 0; j < clusters; j += 1) {
    const d = distance(values, at, centers, j * featureSize);
    if (d < least) {
      best = j;
      least = d;
    }
  }
  return best;
}

/** Squared distance of two features. */
function distance(one: Float32Array, at: number, other: Float32Array, otherAt: number): number {
  const x = (other[otherAt] as number) - (one[at] as number);
  const y = (other[otherAt + 1] as number) - (one[at + 1] as number);
  const z = (other[otherAt + 2] as number) - (one[at + 2] as number);
  const u = (other[otherAt + 3] as number) - (one[at + 3] as number);
  const v = (other[otherAt + 4] as number) - (one[at + 4] as number);
  return x * x + y * y + z * z + u * u + v * v;
}

/** Fits a Gaussian to each cluster that is not empty. */
function gaussians(values: Float32Array, member: Uint8Array, clusters: number): Float32Array {
  const parts: number[] = [];
  for (let j = 0; j < clusters; j += 1) {
    let [n, x, y, z, u, v] = [0, 0, 0, 0, 0, 0];
    let [xx, xy, xz, yy, yz, zz, uu, vv] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < member.length; i += 1) {
      if (member[i] !== j) continue;
      const at = i * featureSize;
      const a = values[at] as number;
      const b = values[at + 1] as number;
      const c = values[at + 2] as number;
      const d = values[at + 3] as number;
      const e = values[at + 4] as number;
      n += 1;
      x += a;
      y += b;
      z += c;
      u += d;
      v += e;
      xx += a * a;
      xy += a * b;
      xz += a * c;
      yy += b * b;
      yz += b * c;
      zz += c * c;
      uu += d * d;
      vv += e * e;
    }
    if (n === 0) continue;
    x /= n;
    y /= n;
    z /= n;
    u /= n;
    v /= n;
    xx = xx / n - x * x + noiseFloor;
    yy = yy / n - y * y + noiseFloor;
    zz = zz / n - z * z + noiseFloor;
    xy = xy / n - x * y;
    xz = xz / n - x * z;
    yz = yz / n - y * z;
    uu = uu / n - u * u + placeFloor;
    vv = vv / n - v * v + placeFloor;
    const det = xx * (yy * zz - yz * yz) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz);
    parts.push(x, y, z, u, v, 1 / uu, 1 / vv);
    parts.push((yy * zz - yz * yz) / det, (xz * yz - xy * zz) / det, (xy * yz - xz * yy) / det);
    parts.push((xx * zz - xz * xz) / det, (xy * xz - xx * yz) / det, (xx * yy - xy * xy) / det);
    parts.push(Math.log(n / member.length) - 0.5 * Math.log(det * uu * vv) - 2.5 * Math.log(2 * Math.PI));
  }
  return Float32Array.from(parts);
}
