/**
 * @file How far the gradients of a network on two sets of images are apart (Zhao et al. 2021): one minus the cosine,
 * summed over the rows of each layer, a row being all weights of one output.
 */
import type { ParameterShape } from '../artifacts/trajectory.js';

/** Keeps the cosine of nothing finite, as the published code does. */
const epsilon = 1e-6;

export interface GradientDistance {
  readonly distance: number;
  /** Its derivative to the synthetic gradient, flat, parameters in order. */
  readonly slope: Float32Array;
}

/**
 * Parameters of one axis (biases, weights of normalisation by channel) do not count.
 *
 * @param real gradient to every parameter on the real images
 * @param synthetic likewise on the synthetic ones
 */
export function gradientDistance(
  shapes: readonly ParameterShape[],
  real: readonly Float32Array[],
  synthetic: readonly Float32Array[],
): GradientDistance {
  const lengths = synthetic.map(({ length }) => length);
  const slope = new Float32Array(lengths.reduce((sum, length) => sum + length, 0));
  let distance = 0;
  let offset = 0;
  shapes.forEach(({ shape }, layer) => {
    const [r, s] = [real[layer] ?? new Float32Array(), synthetic[layer] ?? new Float32Array()];
    const [rows = 1] = shape;
    const width = s.length / rows;
    if (shape.length > 1)
      for (let row = 0; row < rows; row++)
        distance += rowDistance(r, s, row * width, width, slope.subarray(offset));
    offset += s.length;
  });
  return { distance, slope };
}

/** Distance of one row, whose derivative is written to `slope` at its place. */
function rowDistance(
  real: Float32Array,
  synthetic: Float32Array,
  from: number,
  width: number,
  slope: Float32Array,
): number {
  let [dot, rr, ss] = [0, 0, 0];
  for (let i = from; i < from + width; i++) {
    const [r, s] = [real[i] ?? 0, synthetic[i] ?? 0];
    dot += r * s;
    rr += r * r;
    ss += s * s;
  }
  const [lengthReal, length] = [Math.sqrt(rr), Math.sqrt(ss)];
  const scale = lengthReal * length + epsilon;
  // d(1 - dot / scale) = -r / scale + dot / scale^2 * |r| * s / |s|
  const along = length > 0 ? (dot * lengthReal) / (scale * scale * length) : 0;
  for (let i = from; i < from + width; i++) slope[i] = -(real[i] ?? 0) / scale + along * (synthetic[i] ?? 0);
  return 1 - dot / scale;
}
