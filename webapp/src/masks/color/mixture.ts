import { Random } from './random.ts';

/** Numbers of a feature: the color in OKLab times 100, then the position across and down the box. */
export const featureSize = 5;

const components = 8;
const mostSamples = 2000;
const noiseFloor = 2.0;
const placeFloor = 9;
const fitRounds = 8;
/** Numbers of a component. */
const partSize = 14;
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
  /** The component that was the likeliest for the last feature. */
  private likeliest = 0;

  private constructor(private readonly parts: Float64Array) {}

  /** Fits a mixture to the features with these indexes: k-means clusters, each fitted with a Gaussian. */
  static of(features: Float32Array, samples: Int32Array): Mixture {
    let chosen = samples;
    if (samples.length > mostSamples) {
      const step = samples.length / mostSamples;
      chosen = new Int32Array(mostSamples);
      for (let i = 0; i < mostSamples; i += 1) chosen[i] = samples[Math.floor(i * step)] as number;
    }
    if (chosen.length === 0) return new Mixture(new Float64Array(0));
    const values = new Float32Array(chosen.length * featureSize);
    for (let i = 0; i < chosen.length; i += 1) {
      const at = (chosen[i] as number) * featureSize;
      for (let k = 0; k < featureSize; k += 1) values[i * featureSize + k] = features[at + k] as number;
    }
    const centers = spreadCenters(values);
    const clusters = centers.length / featureSize;
    const member = new Uint8Array(chosen.length);
    for (let round = 0; round < fitRounds; round += 1) {
      // The centers would be the same again.
      if (!assign(values, centers, member) && round > 0) break;
      moveCenters(values, member, centers);
    }
    return new Mixture(gaussians(values, member, clusters));
  }

  get isEmpty(): boolean {
    return this.parts.length === 0;
  }

  /** Returns the natural logarithm of the density at the feature at an offset of `features`. */
  logDensity(features: Float32Array, at: number): number {
    const p = this.parts;
    const count = p.length / partSize;
    const a = features[at] as number;
    const b = features[at + 1] as number;
    const c = features[at + 2] as number;
    const d = features[at + 3] as number;
    const e = features[at + 4] as number;
    let most = nothing;
    // The likeliest component of the point before is likely here too: the others are then left out early.
    const first = this.likeliest;
    let best = first;
    for (let k = -1; k < count; k += 1) {
      if (k === first) continue;
      const j = k < 0 ? first : k;
      const q = j * partSize;
      const u = d - (p[q + 3] as number);
      const v = e - (p[q + 4] as number);
      let log = (p[q + 13] as number) - 0.5 * (u * u * (p[q + 5] as number) + v * v * (p[q + 6] as number));
      // The color can only take away from it.
      if (log > most + tail) {
        const x = a - (p[q] as number);
        const y = b - (p[q + 1] as number);
        const z = c - (p[q + 2] as number);
        log -=
          0.5 *
            (x * x * (p[q + 7] as number) + y * y * (p[q + 10] as number) + z * z * (p[q + 12] as number)) +
          (x * y * (p[q + 8] as number) + x * z * (p[q + 9] as number) + y * z * (p[q + 11] as number));
        if (log > most) {
          most = log;
          best = j;
        }
      }
      logs[j] = log;
    }
    this.likeliest = best;
    let sum = 0;
    for (let j = 0; j < count; j += 1) {
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

/** Makes each feature a member of the cluster with the nearest center; returns whether any has changed. */
function assign(values: Float32Array, centers: Float32Array, member: Uint8Array): boolean {
  const clusters = centers.length / featureSize;
  // A quarter of the squared distance between two centers: what is nearer to one is not nearer to the other.
  const halfway = new Float64Array(clusters * clusters);
  for (let j = 0; j < clusters; j += 1)
    for (let k = 0; k < clusters; k += 1)
      halfway[j * clusters + k] = distance(centers, j * featureSize, centers, k * featureSize) / 4;
  let hasChanged = false;
  for (let i = 0, at = 0; i < member.length; i += 1, at += featureSize) {
    const before = member[i] as number;
    let best = before;
    let least = distance(values, at, centers, best * featureSize);
    for (let j = 0; j < clusters; j += 1) {
      if ((halfway[best * clusters + j] as number) >= least) continue;
      const d = distance(values, at, centers, j * featureSize);
      if (d < least) {
        best = j;
        least = d;
      }
    }
    if (best === before) continue;
    member[i] = best;
    hasChanged = true;
  }
  return hasChanged;
}

/** Moves each center to the mean of its members. */
function moveCenters(values: Float32Array, member: Uint8Array, centers: Float32Array): void {
  const sums = new Float64Array(centers.length);
  const counts = new Int32Array(centers.length / featureSize);
  for (let i = 0, at = 0; i < member.length; i += 1, at += featureSize) {
    const j = member[i] as number;
    const sum = j * featureSize;
    counts[j] = (counts[j] as number) + 1;
    sums[sum] = (sums[sum] as number) + (values[at] as number);
    sums[sum + 1] = (sums[sum + 1] as number) + (values[at + 1] as number);
    sums[sum + 2] = (sums[sum + 2] as number) + (values[at + 2] as number);
    sums[sum + 3] = (sums[sum + 3] as number) + (values[at + 3] as number);
    sums[sum + 4] = (sums[sum + 4] as number) + (values[at + 4] as number);
  }
  for (let k = 0; k < sums.length; k += 1) {
    const count = counts[Math.floor(k / featureSize)] as number;
    if (count > 0) centers[k] = (sums[k] as number) / count;
  }
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
function gaussians(values: Float32Array, member: Uint8Array, clusters: number): Float64Array {
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
  return Float64Array.from(parts, Math.fround);
}
