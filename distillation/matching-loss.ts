/**
 * @file How far a student ends from where the expert went, and how that changes with where the student ends.
 */

/** `|a - b|^2` in float64. */
export function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return sum;
}

export interface MatchingLoss {
  /** `|theta_N - target|^2 / |theta_0 - target|^2` over the parameters that count. */
  readonly loss: number;
  /** Its gradient to `theta_N`; 0 where a parameter does not count. */
  readonly slope: Float32Array;
}

/**
 * The loss of a match, over all parameters or those that are nearest to the expert's (Li et al. 2023: what
 * stays far from the expert holds back the rest). Which ones count is not differentiated.
 *
 * @param keepFraction share of the parameters that count, in (0, 1]. Default 1.
 * @returns undefined when the expert did not move in the parameters that count
 */
export function matchingLoss(
  theta0: Float32Array,
  thetaN: Float32Array,
  target: Float32Array,
  keepFraction = 1,
): MatchingLoss | undefined {
  if (keepFraction === 1) return lossWhere(theta0, thetaN, target, () => true);
  const squares = Float64Array.from(thetaN, (value, i) => (value - (target[i] ?? 0)) ** 2);
  const kept = Math.max(1, Math.round(keepFraction * squares.length));
  const farthest = squares.toSorted()[kept - 1] ?? Infinity;
  return lossWhere(theta0, thetaN, target, (i) => (squares[i] ?? 0) <= farthest);
}

function lossWhere(
  theta0: Float32Array,
  thetaN: Float32Array,
  target: Float32Array,
  counts: (index: number) => boolean,
): MatchingLoss | undefined {
  let reached = 0;
  let distance = 0;
  for (let i = 0; i < target.length; i++) {
    if (!counts(i)) continue;
    reached += ((thetaN[i] ?? 0) - (target[i] ?? 0)) ** 2;
    distance += ((theta0[i] ?? 0) - (target[i] ?? 0)) ** 2;
  }
  if (distance === 0) return undefined;
  const slope = thetaN.map((value, i) => (counts(i) ? (2 * (value - (target[i] ?? 0))) / distance : 0));
  return { loss: reached / distance, slope };
}
