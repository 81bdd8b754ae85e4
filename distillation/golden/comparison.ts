/**
 * @file How far an output is from its golden value.
 */

/** One output of one case. */
export interface Comparison {
  readonly tensor: string;
  /** `|ours - golden| / |golden|`, Euclidean norms; Infinity when the sizes differ. */
  readonly relativeError: number;
  /** The error must stay under this. */
  readonly tolerance: number;
}

export function relativeError(ours: ArrayLike<number>, golden: ArrayLike<number>): number {
  if (ours.length !== golden.length) return Infinity;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < golden.length; i++) {
    difference += ((ours[i] ?? NaN) - (golden[i] ?? NaN)) ** 2;
    size += (golden[i] ?? NaN) ** 2;
  }
  if (size === 0) return difference === 0 ? 0 : Infinity;
  return Math.sqrt(difference / size);
}

/** Compares under the tolerance of that name; a case without one for the tensor cannot pass. */
export function compare(
  tensor: string,
  ours: ArrayLike<number>,
  golden: ArrayLike<number>,
  tolerance: Readonly<Record<string, number>>,
  toleranceName = tensor,
): Comparison {
  return { tensor, relativeError: relativeError(ours, golden), tolerance: tolerance[toleranceName] ?? 0 };
}
