/**
 * @file ZCA whitening (method, section 5): decorrelates pixels with the map that stays closest to the identity.
 */
import { symmetricEigen } from './symmetric-eigen.js';

/** Users need all three to use and to view whitened images. Matrices are `[d, d]` row-major, symmetric. */
export interface Whitening {
  readonly dimension: number;
  readonly mean: Float64Array;
  /** `U diag((S + eps)^-1/2) U^T`. */
  readonly transform: Float64Array;
  /** `U diag((S + eps)^1/2) U^T`. */
  readonly inverse: Float64Array;
}

/** Added to every eigenvalue of the covariance. */
export const whiteningEpsilon = 0.1;

/**
 * Fits the whitening to all training images in [0,1], without mean and std normalisation.
 *
 * @param images `[count, dimension]` row-major
 */
export function fitWhitening(
  images: Float32Array | Float64Array,
  dimension: number,
  epsilon = whiteningEpsilon,
): Whitening {
  const mean = columnMeans(images, dimension);
  const covariance = covarianceOf(images, mean);
  const { values, vectors } = symmetricEigen(covariance, dimension);
  // The covariance has no negative eigenvalues; rounding may leave some a little below 0.
  const shifted = values.map((value) => Math.max(value, 0) + epsilon);
  return {
    dimension,
    mean,
    transform: recompose(
      vectors,
      shifted.map((value) => 1 / Math.sqrt(value)),
    ),
    inverse: recompose(vectors, shifted.map(Math.sqrt)),
  };
}

/** `(x - mean) T` for every image. */
export function whiten(images: Float32Array, { dimension, mean, transform }: Whitening): Float32Array {
  return affineRows(images, dimension, transform, mean, undefined);
}

/** `x' T^-1 + mean`: whitened images as they can be looked at. */
export function unwhiten(images: Float32Array, { dimension, mean, inverse }: Whitening): Float32Array {
  return affineRows(images, dimension, inverse, undefined, mean);
}

function columnMeans(images: ArrayLike<number>, dimension: number): Float64Array {
  const count = images.length / dimension;
  const sums = new Float64Array(dimension);
  for (let row = 0; row < images.length; row += dimension)
    for (let j = 0; j < dimension; j++) sums[j] = (sums[j] ?? 0) + (images[row + j] ?? 0);
  return sums.map((sum) => sum / count);
}

/** Divides by n - 1. */
function covarianceOf(images: ArrayLike<number>, mean: Float64Array): Float64Array {
  const dimension = mean.length;
  const count = images.length / dimension;
  const covariance = new Float64Array(dimension * dimension);
  const centred = new Float64Array(dimension);
  for (let row = 0; row < images.length; row += dimension) {
    for (let j = 0; j < dimension; j++) centred[j] = (images[row + j] ?? 0) - (mean[j] ?? 0);
    for (let i = 0; i < dimension; i++) {
      const factor = (centred[i] ?? 0) / (count - 1);
      const start = i * dimension;
      for (let j = 0; j <= i; j++)
        covariance[start + j] = (covariance[start + j] ?? 0) + factor * (centred[j] ?? 0);
    }
  }
  for (let i = 0; i < dimension; i++)
    for (let j = 0; j < i; j++) covariance[j * dimension + i] = covariance[i * dimension + j] ?? 0;
  return covariance;
}

/** `sum_k weights[k] * vector_k vector_k^T`. */
function recompose(vectors: Float64Array, weights: Float64Array): Float64Array {
  const n = weights.length;
  const out = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const vector = vectors.subarray(k * n, (k + 1) * n);
    for (let i = 0; i < n; i++) {
      const factor = (weights[k] ?? 0) * (vector[i] ?? 0);
      const start = i * n;
      for (let j = 0; j < n; j++) out[start + j] = (out[start + j] ?? 0) + factor * (vector[j] ?? 0);
    }
  }
  return out;
}

/** `(x - before) M + after` for every row x; M is symmetric. */
function affineRows(
  images: Float32Array,
  dimension: number,
  matrix: Float64Array,
  before: Float64Array | undefined,
  after: Float64Array | undefined,
): Float32Array {
  const out = new Float32Array(images.length);
  const centred = new Float64Array(dimension);
  for (let row = 0; row < images.length; row += dimension) {
    for (let j = 0; j < dimension; j++) centred[j] = (images[row + j] ?? 0) - (before?.[j] ?? 0);
    for (let i = 0; i < dimension; i++) {
      const start = i * dimension;
      let sum = after?.[i] ?? 0;
      for (let j = 0; j < dimension; j++) sum += (centred[j] ?? 0) * (matrix[start + j] ?? 0);
      out[row + i] = sum;
    }
  }
  return out;
}
