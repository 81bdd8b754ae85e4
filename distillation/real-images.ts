/**
 * @file Random real images of each class: where distillation starts, and what it has to beat.
 */
import type { ImageSource } from '../datasets/dataset.js';
import { DistilleryError } from '../errors/errors.js';
import type { Stream } from '../random/stream.js';

/** Indices of the images of each class. */
export function indicesByClass(labels: Int32Array, classes: number): Uint32Array[] {
  const lists = Array.from({ length: classes }, (): number[] => []);
  labels.forEach((label, index) => lists[label]?.push(index));
  return lists.map((list) => Uint32Array.from(list));
}

/** @throws DistilleryError `InvalidDefinition` when a class has fewer than `ipc` images */
export function requireImages(indices: Uint32Array, label: number, ipc: number): void {
  if (indices.length >= ipc) return;
  throw new DistilleryError(
    'InvalidDefinition',
    `ipc is ${ipc}, but the training images have only ${indices.length} of class ${label}: ` +
      'lower ipc, raise dataset.limit or lower dataset.holdout.',
  );
}

/**
 * `ipc` different images of every class, ordered by class.
 *
 * @param stream the random numbers of a class
 * @throws DistilleryError `InvalidDefinition` when a class has fewer than `ipc` images
 */
export function chooseRealImages(
  images: Pick<ImageSource, 'labels'>,
  classes: number,
  ipc: number,
  stream: (label: number) => Stream,
): Uint32Array {
  const chosen = new Uint32Array(classes * ipc);
  indicesByClass(images.labels, classes).forEach((indices, label) => {
    requireImages(indices, label, ipc);
    const sample = stream(label).sample(indices.length, ipc);
    sample.forEach((position, i) => (chosen[label * ipc + i] = indices[position] ?? 0));
  });
  return chosen;
}
