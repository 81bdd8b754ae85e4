/**
 * @file What distilled images are compared with: as many random real ones.
 */
import type { ImageSource } from '../datasets/dataset.js';
import { Stream } from '../random/stream.js';
import { FloatImages, type BatchSource } from './batches.js';
import { chooseRealImages } from './real-images.js';

/**
 * Indices of `ipc` random real images of every class, a different choice for every run.
 *
 * @throws DistilleryError `InvalidDefinition` when a class has too few images
 */
export function randomBaseline(
  images: Pick<ImageSource, 'labels'>,
  classes: number,
  { ipc, seed, run }: { readonly ipc: number; readonly seed: number; readonly run: number },
): Uint32Array {
  return chooseRealImages(images, classes, ipc, (label) => new Stream(seed, 'baseline-images', run, label));
}

/** The chosen images as a training set of their own. */
export function subset(images: BatchSource, indices: Uint32Array): FloatImages {
  const chosen = images.batch(indices);
  return new FloatImages(images.shape, images.classes, chosen.images, chosen.targets);
}
