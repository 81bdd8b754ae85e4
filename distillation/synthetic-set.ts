/**
 * @file Where the synthetic images start.
 */
import type { ImageSource } from '../datasets/dataset.js';
import { Stream } from '../random/stream.js';
import { pixelsOf, type BatchSource } from './batches.js';
import { chooseRealImages } from './real-images.js';

/** Class of each synthetic image: `ipc` of every class, in order. */
export function syntheticLabels(classes: number, ipc: number): Int32Array {
  return Int32Array.from({ length: classes * ipc }, (_, i) => Math.floor(i / ipc));
}

/**
 * `[classes * ipc, channels, height, width]`, as trained on: random real images of each class, or N(0,1) noise.
 *
 * @param normalised the same images as `images`
 * @throws DistilleryError `InvalidDefinition` when a class has fewer than `ipc` images
 */
export function initialImages(
  init: 'real' | 'noise',
  { images, normalised }: { readonly images: Pick<ImageSource, 'labels'>; readonly normalised: BatchSource },
  { ipc, seed }: { readonly ipc: number; readonly seed: number },
): Float32Array {
  const { classes, shape } = normalised;
  const stream = (label: number): Stream => new Stream(seed, 'synthetic-init', label);
  if (init === 'real') return normalised.batch(chooseRealImages(images, classes, ipc, stream)).images;
  const size = ipc * pixelsOf(shape);
  const noise = new Float32Array(classes * size);
  for (let label = 0; label < classes; label++) {
    const normals = stream(label);
    for (let i = label * size; i < (label + 1) * size; i++) noise[i] = normals.normal();
  }
  return noise;
}
