/**
 * @file How a run divides the training images: some held out for selection, the next ones trained on.
 */
import type { ImageSource } from '../datasets/dataset.js';
import { DistilleryError } from '../errors/errors.js';
import { Stream } from '../random/stream.js';

export interface SplitSettings {
  /** Images held out to choose the reported iteration; never trained on. */
  readonly holdout: number;
  /** Images trained on; all others when absent. */
  readonly limit?: number;
  readonly seed: number;
}

function requireEveryClass(images: ImageSource, classes: number): void {
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
 * Indices of the training images that a run uses, in the order of one permutation of them all: first the
 * `holdout` ones held out, then the `limit` ones trained on.
 *
 * @param count training images of the data set
 * @throws DistilleryError `InvalidDefinition` when there are too few
 */
export function runOrder(count: number, { holdout, limit, seed }: SplitSettings): Uint32Array {
  const wanted = holdout + (limit ?? 1);
  if (wanted > count)
    throw new DistilleryError(
      'InvalidDefinition',
      `dataset.holdout ${holdout} and ${limit === undefined ? 'at least 1 image to train on' : `dataset.limit ${limit}`} ` +
        `need ${wanted} training images, but the data set has ${count}: lower one of them.`,
    );
  const order = new Stream(seed, 'dataset-split').permutation(count);
  return limit === undefined ? order : order.subarray(0, holdout + limit);
}

/**
 * Divides the images of a run, given in `runOrder`. The parts are views, not copies.
 *
 * @throws DistilleryError `InvalidDataset` when the images to train on lack a class
 */
export function divideRun(
  images: ImageSource,
  classes: number,
  { holdout }: Pick<SplitSettings, 'holdout'>,
): { readonly train: ImageSource; readonly holdout: ImageSource } {
  const train = part(images, holdout, images.count);
  requireEveryClass(train, classes);
  return { train, holdout: part(images, 0, holdout) };
}

function part({ shape, labels, pixels }: ImageSource, from: number, to: number): ImageSource {
  return {
    shape,
    count: to - from,
    labels: labels.subarray(from, to),
    pixels: (index) => pixels(from + index),
  };
}
