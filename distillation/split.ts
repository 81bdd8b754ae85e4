/**
 * @file How a run divides the training images: some held out for selection, the next ones trained on.
 */
import type { LabelledImages } from '../datasets/dataset.js';
import { DistilleryError } from '../errors/errors.js';
import { Stream } from '../random/stream.js';
import { pixelsOf } from './batches.js';

export interface SplitSettings {
  /** Images held out to choose the reported iteration; never trained on. */
  readonly holdout: number;
  /** Images trained on; all others when absent. */
  readonly limit?: number;
  readonly seed: number;
}

/** The images at the indices, copied. */
function take(images: LabelledImages, indices: Uint32Array): LabelledImages {
  const size = pixelsOf(images.shape);
  const bytes = new Uint8Array(indices.length * size);
  const labels = new Int32Array(indices.length);
  indices.forEach((index, i) => {
    bytes.set(images.images.subarray(index * size, (index + 1) * size), i * size);
    labels[i] = images.labels[index] ?? 0;
  });
  return { shape: images.shape, count: indices.length, images: bytes, labels };
}

function requireEveryClass(images: LabelledImages, classes: number): void {
  const present = new Set(images.labels);
  for (let label = 0; label < classes; label++)
    if (!present.has(label))
      throw new DistilleryError(
        'InvalidDataset',
        `The ${images.count} images chosen for training have none of class ${label} (of ${classes}): ` +
          'raise dataset.limit, lower dataset.holdout, or check the labels of the data set.',
      );
}

/**
 * In the order of one permutation of the training set, the first `holdout` images are held out and the next
 * `limit` are trained on.
 *
 * @throws DistilleryError `InvalidDefinition` when there are too few images, `InvalidDataset` when the images to
 *   train on lack a class
 */
export function splitTraining(
  images: LabelledImages,
  classes: number,
  { holdout, limit, seed }: SplitSettings,
): { readonly train: LabelledImages; readonly holdout: LabelledImages } {
  const wanted = holdout + (limit ?? 1);
  if (wanted > images.count)
    throw new DistilleryError(
      'InvalidDefinition',
      `dataset.holdout ${holdout} and ${limit === undefined ? 'at least 1 image to train on' : `dataset.limit ${limit}`} ` +
        `need ${wanted} training images, but the data set has ${images.count}: lower one of them.`,
    );
  const order = new Stream(seed, 'dataset-split').permutation(images.count);
  const end = limit === undefined ? images.count : holdout + limit;
  const train = take(images, order.subarray(holdout, end));
  requireEveryClass(train, classes);
  return { train, holdout: take(images, order.subarray(0, holdout)) };
}
