/**
 * @file Coresets: real images that stand for their class, chosen by what a trained network makes of them (herding,
 * k-center) or by how training went (forgetting). Everything here is within one class.
 */
import type { Stream } from '../random/stream.js';

/** Points of a feature space, one row each. */
export interface Features {
  /** `[count, size]`, row-major. */
  readonly values: Float32Array;
  readonly count: number;
  /** Features of a point. */
  readonly size: number;
}

/**
 * Herding (Welling 2009): the chosen points are those whose mean stays nearest to the mean of all. Each step takes
 * the point with the largest product with `w`, and `w += mean - point`. Features are brought to unit length first,
 * for which this is also the point that brings the mean of the chosen nearest to that of all. No point is taken
 * twice; of equals the first.
 *
 * @param chosen how many, at most `count`
 * @returns positions in the order of choice
 */
export function herding(features: Features, chosen: number): Uint32Array {
  const { count, size } = features;
  const points = unitLength(features);
  const mean = meanOf({ values: points, count, size });
  const w = mean.slice();
  const taken = new Set<number>();
  while (taken.size < chosen) {
    const next = best(count, (point) => (taken.has(point) ? -Infinity : product(points, point, w)));
    taken.add(next);
    for (let i = 0; i < size; i++) w[i] = (w[i] ?? 0) + (mean[i] ?? 0) - (points[next * size + i] ?? 0);
  }
  return Uint32Array.from(taken);
}

/**
 * Greedy k-center (Sener & Savarese 2018): each step takes the point that is farthest from all chosen ones, so that
 * the largest distance of any point to its nearest chosen one becomes small. Starts from the point nearest to the
 * mean; of equals the first.
 *
 * @param chosen how many, at most `count`
 * @returns positions in the order of choice
 */
export function kCenter(features: Features, chosen: number): Uint32Array {
  const { values, count, size } = features;
  const mean = meanOf(features);
  const order: number[] = [];
  const toNearest = new Float64Array(count).fill(Infinity);
  while (order.length < chosen) {
    const next =
      order.length === 0
        ? best(count, (point) => -squaredDistance(values, point, mean))
        : best(count, (point) => toNearest[point] ?? 0);
    order.push(next);
    const centre = Float64Array.from(values.subarray(next * size, (next + 1) * size));
    for (let point = 0; point < count; point++)
      toNearest[point] = Math.min(toNearest[point] ?? 0, squaredDistance(values, point, centre));
    // Also among identical points, none is taken twice.
    toNearest[next] = -1;
  }
  return Uint32Array.from(order);
}

/**
 * The most forgotten points (Toneva et al. 2019). Points that were never learned count as forgotten without end.
 *
 * @param forgotten how often each point was; Infinity for never learned
 * @param stream decides among equals, which are many
 * @returns positions in the order of choice
 */
export function mostForgotten(forgotten: Float64Array, chosen: number, stream: Stream): Uint32Array {
  const order = stream.permutation(forgotten.length);
  // Sorting keeps the order of equals.
  const times = (point: number): number => Math.min(forgotten[point] ?? 0, Number.MAX_VALUE);
  return order.toSorted((a, b) => times(b) - times(a)).slice(0, chosen);
}

/** The point of the highest score, the first of equals. */
function best(count: number, score: (point: number) => number): number {
  let found = 0;
  let highest = -Infinity;
  for (let point = 0; point < count; point++) {
    const value = score(point);
    if (value <= highest) continue;
    highest = value;
    found = point;
  }
  return found;
}

function unitLength({ values, count, size }: Features): Float32Array {
  const scaled = new Float32Array(values.length);
  for (let point = 0; point < count; point++) {
    const row = values.subarray(point * size, (point + 1) * size);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0)
      scaled.set(
        row.map((value) => value / length),
        point * size,
      );
  }
  return scaled;
}

function meanOf({ values, count, size }: Features): Float64Array {
  const sum = new Float64Array(size);
  for (let i = 0; i < values.length; i++) sum[i % size] = (sum[i % size] ?? 0) + (values[i] ?? 0);
  return sum.map((value) => value / count);
}

function product(values: Float32Array, point: number, w: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < w.length; i++) sum += (values[point * w.length + i] ?? 0) * (w[i] ?? 0);
  return sum;
}

function squaredDistance(values: Float32Array, point: number, to: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < to.length; i++) sum += ((values[point * to.length + i] ?? 0) - (to[i] ?? 0)) ** 2;
  return sum;
}
