/**
 * @file Class probabilities that are learned with the images: logits, of which the student sees the softmax
 * (Sucholutsky and Schonlau 2021), starting from what a trained network says of the images (Guo et al. 2024).
 */
import type { FloatImages } from './batches.js';
import type { NetworkPrograms } from './network-programs.js';

/** Images per forward pass. */
const batchSize = 256;

/** Softmax of each row of `[n, classes]`. */
export function probabilities(logits: Float32Array, classes: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    const values = logits.subarray(row, row + classes);
    const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = Array.from(values, (value) => Math.exp(value - most));
    const sum = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, i) => (result[row + i] = power / sum));
  }
  return result;
}

/**
 * From the gradient to the probabilities to that to the logits: `p * (d - p . d)` for each row.
 *
 * @param targets the probabilities, `[n, classes]`
 * @param toTargets the gradient to them
 */
export function gradientToLogits(
  targets: Float32Array,
  toTargets: Float32Array,
  classes: number,
): Float32Array {
  const result = new Float32Array(targets.length);
  for (let row = 0; row < targets.length; row += classes) {
    let mean = 0;
    for (let i = row; i < row + classes; i++) mean += (targets[i] ?? 0) * (toTargets[i] ?? 0);
    for (let i = row; i < row + classes; i++) result[i] = (targets[i] ?? 0) * ((toTargets[i] ?? 0) - mean);
  }
  return result;
}

/**
 * The logits that labels start from: those of a trained network. Where it takes an image for another class, the
 * two classes change places, so that every image starts as what it is.
 *
 * @param parameters flat, of a network trained on the real images
 * @param labels class of each image
 */
export function initialLabelLogits(
  programs: NetworkPrograms,
  parameters: Float32Array,
  images: Pick<FloatImages, 'batch' | 'count' | 'classes'>,
  labels: Int32Array,
): Float32Array {
  const { count, classes } = images;
  const logits = new Float32Array(count * classes);
  const all = Uint32Array.from({ length: count }, (_, index) => index);
  const uploaded = programs.upload(parameters);
  try {
    for (let from = 0; from < count; from += batchSize) {
      const batch = images.batch(all, from, Math.min(from + batchSize, count));
      logits.set(programs.logits(uploaded, batch.images, batch.count), from * classes);
    }
  } finally {
    programs.release(uploaded);
  }
  labels.forEach((label, image) => {
    const row = logits.subarray(image * classes, (image + 1) * classes);
    const most = row.reduce((best, value, i) => (value > (row[best] ?? 0) ? i : best), label);
    [row[label], row[most]] = [row[most] ?? 0, row[label] ?? 0];
  });
  return logits;
}

/**
 * The class probabilities nearest to labels that are centred (they sum to about 0): each row moved up until what is
 * above 0 sums to 1, the rest cut off, which is the projection to the simplex.
 *
 * @param labels `[n, classes]`
 */
export function nearestProbabilities(labels: Float32Array, classes: number): Float32Array {
  const result = new Float32Array(labels.length);
  for (let row = 0; row < labels.length; row += classes) {
    const values = labels.subarray(row, row + classes);
    let sum = 0;
    let shift = 0;
    for (const [i, value] of values.toSorted((a, b) => b - a).entries()) {
      sum += value;
      const next = (1 - sum) / (i + 1);
      // As long as the next largest stays above 0, it counts.
      if (value + next <= 0) break;
      shift = next;
    }
    values.forEach((value, i) => (result[row + i] = Math.max(0, value + shift)));
  }
  return result;
}
