/**
 * @file Adam (Kingma and Ba 2015) on what is learned, with the constants of its authors.
 */

const decay = 0.9;
const squareDecay = 0.999;
const epsilon = 1e-8;

/** Running means of the slopes and of their squares; both begin at 0. */
export interface Moments {
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

/**
 * `values -= lr * mean / (sqrt(square) + epsilon)`, the moments brought up to date and corrected for their beginning
 * at 0; all in place.
 *
 * @param step from 1
 */
export function adamStep(
  values: Float32Array,
  { mean, square }: Moments,
  slope: ArrayLike<number>,
  { lr, step }: { readonly lr: number; readonly step: number },
): void {
  const meanScale = 1 / (1 - decay ** step);
  const squareScale = 1 / (1 - squareDecay ** step);
  for (let i = 0; i < values.length; i++) {
    const by = slope[i] ?? 0;
    const first = decay * (mean[i] ?? 0) + (1 - decay) * by;
    const second = squareDecay * (square[i] ?? 0) + (1 - squareDecay) * by * by;
    mean[i] = first;
    square[i] = second;
    values[i] = (values[i] ?? 0) - (lr * first * meanScale) / (Math.sqrt(second * squareScale) + epsilon);
  }
}
