/**
 * @file What a trained network makes of images before it classifies them.
 */
import type { BatchSource } from './batches.js';
import type { Features } from './coresets.js';
import type { Interruptible } from './interruptible.js';
import type { NetworkPrograms, ParameterSet } from './network-programs.js';

/** Images of a forward pass. */
const batchSize = 256;

/** The features of the images at the indices, without augmentation; to be interrupted between batches. */
export function* featuresInSteps(
  programs: NetworkPrograms,
  parameters: ParameterSet,
  images: BatchSource,
  indices: Uint32Array,
): Interruptible<Features> {
  const count = indices.length;
  let values = new Float32Array();
  for (let from = 0; from < count; from += batchSize) {
    const batch = images.batch(indices, from, Math.min(from + batchSize, count));
    const features = programs.features.of(parameters, batch.images, batch.count);
    const size = features.length / batch.count;
    if (from === 0) values = new Float32Array(count * size);
    values.set(features, from * size);
    yield;
  }
  return { values, count, size: count === 0 ? 0 : values.length / count };
}
