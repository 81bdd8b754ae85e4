/**
 * @file Linear equations with a symmetric positive definite matrix, by Cholesky's factors `A = L L^T`.
 */
import { DistilleryError } from '../../errors/errors.js';

/**
 * The lower triangle L, row-major; what is above its diagonal is not to be read.
 *
 * @param matrix `[n, n]`, of which the lower triangle is read
 * @throws DistilleryError `Diverged` when rounding, or a value that is not finite, has left it not positive definite
 */
export function choleskyFactor(matrix: Float64Array, n: number): Float64Array {
  const lower = matrix.slice();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = lower[i * n + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (lower[i * n + k] ?? 0) * (lower[j * n + k] ?? 0);
      if (j < i) lower[i * n + j] = sum / (lower[j * n + j] ?? 0);
      else if (sum > 0) lower[i * n + i] = Math.sqrt(sum);
      else
        throw new DistilleryError(
          'Diverged',
          `The kernel matrix of the images is not positive definite: pivot ${i + 1} of ${n} is ${sum.toPrecision(3)}. ` +
            'Raise ridge, or lower lrImg.',
        );
    }
  }
  return lower;
}

/** Solves `L L^T X = B`. `b` is `[n, columns]`, row-major. */
export function choleskySolve(lower: Float64Array, b: Float64Array, n: number): Float64Array {
  const columns = b.length / n;
  const x = b.slice();
  const subtract = (row: number, from: number, factor: number): void => {
    for (let c = 0; c < columns; c++)
      x[row * columns + c] = (x[row * columns + c] ?? 0) - factor * (x[from * columns + c] ?? 0);
  };
  const divide = (row: number): void => {
    const pivot = lower[row * n + row] ?? 0;
    for (let c = 0; c < columns; c++) x[row * columns + c] = (x[row * columns + c] ?? 0) / pivot;
  };
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtract(i, k, lower[i * n + k] ?? 0);
    divide(i);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtract(i, k, lower[k * n + i] ?? 0);
    divide(i);
  }
  return x;
}
