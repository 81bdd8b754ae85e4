/**
 * @file Choosing the reported iteration on held-out images, and summarising repeated runs.
 */

export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values have no mean');
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Divides by n, as the published tables do. */
export function populationStd(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}

/** The candidate of the highest mean accuracy, of equals the earliest. */
export function selectCandidate<C extends { readonly iteration: number; readonly accuracy: number }>(
  candidates: readonly C[],
): C {
  const [first, ...rest] = candidates;
  if (first === undefined) throw new RangeError('nothing to choose from');
  return rest.reduce(
    (best, candidate) =>
      candidate.accuracy > best.accuracy ||
      (candidate.accuracy === best.accuracy && candidate.iteration < best.iteration)
        ? candidate
        : best,
    first,
  );
}
