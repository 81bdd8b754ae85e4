/**
 * @file What one DSA operation is: parameters drawn per sample, an affine map of the images, and the exact
 * adjoint of that map's linear part.
 */
import type { DsaOperation } from '../../definition/plan.js';
import type { ImageShape } from '../../networks/spec.js';
import type { Stream } from '../../random/stream.js';

/** One array per parameter of the operation, one value per sample. */
export type Draws = readonly Float64Array[];

/**
 * Images are float32 NCHW `[count, channels, height, width]`, where count is the length of the draws. Neither
 * map changes its argument; arithmetic is float64, rounded once on writing.
 */
export interface Augmenter {
  readonly operation: DsaOperation;
  /** What the draws mean, in their order. */
  readonly parameters: readonly string[];
  draw(stream: Stream, count: number, shape: ImageShape): Draws;
  apply(images: Float32Array, draws: Draws, shape: ImageShape): Float32Array;
  /** From a gradient to the augmented images to the gradient to the images. */
  adjoint(gradient: Float32Array, draws: Draws, shape: ImageShape): Float32Array;
}

/** `parameters` values for each of `count` samples, sample by sample, from one function of the stream. */
export function drawPerSample(
  count: number,
  parameters: number,
  value: (parameter: number) => number,
): Float64Array[] {
  const draws = Array.from({ length: parameters }, () => new Float64Array(count));
  for (let sample = 0; sample < count; sample++)
    draws.forEach((values, parameter) => (values[sample] = value(parameter)));
  return draws;
}

/** The draws of one parameter. */
export function drawsOf(draws: Draws, parameter: number): Float64Array {
  const values = draws[parameter];
  if (values === undefined) throw new RangeError(`draws lack parameter ${parameter}`);
  return values;
}
