/**
 * @file What is said of repeated measurements.
 */

/** The middle value, or the mean of the two middle ones. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** A ratio of two things measured alternately. */
export interface Ratio {
  /** Of the medians. */
  readonly value: number;
  /** Least and greatest of the ratios of neighbouring measurements. */
  readonly from: number;
  readonly to: number;
}

/** @param ours and theirs, equally many, in the order in which they were measured in turn */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): Ratio {
  const pairs = ours.map((value, i) => value / (theirs[i] ?? NaN));
  return { value: median(ours) / median(theirs), from: Math.min(...pairs), to: Math.max(...pairs) };
}
