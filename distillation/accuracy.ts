/**
 * @file How often a network's first choice is the label.
 */
import type { BatchSource } from './batches.js';
import { atOnce, type Interruptible } from './interruptible.js';
import type { NetworkPrograms, ParameterSet } from './network-programs.js';

export interface AccuracyOptions {
  /** Images per forward pass. Default 256. */
  readonly batchSize?: number;
  /** Running averages for batch normalisation; without them it uses each batch's own. */
  readonly statistics?: ParameterSet | undefined;
}

/** Position of the largest of `row[from .. from + length - 1]`, the first on a tie, relative to `from`. */
export function argmax(row: Float32Array | Float64Array, from: number, length: number): number {
  let best = 0;
  for (let i = 1; i < length; i++)
    if ((row[from + i] ?? -Infinity) > (row[from + best] ?? -Infinity)) best = i;
  return best;
}

/** Accuracy in [0,1] over all images, without augmentation. */
export function accuracy(...measurement: Parameters<typeof accuracyInSteps>): number {
  return atOnce(accuracyInSteps(...measurement));
}

/** `accuracy`, to be interrupted between batches. */
export function* accuracyInSteps(
  programs: NetworkPrograms,
  parameters: ParameterSet,
  images: BatchSource,
  { batchSize = 256, statistics }: AccuracyOptions = {},
): Interruptible<number> {
  const all = Uint32Array.from({ length: images.count }, (_, index) => index);
  const { classes } = images;
  let right = 0;
  for (let from = 0; from < images.count; from += batchSize) {
    const batch = images.batch(all, from, Math.min(from + batchSize, images.count));
    const logits = programs.logits(parameters, batch.images, batch.count, statistics);
    for (let row = 0; row < batch.count * classes; row += classes)
      if (argmax(logits, row, classes) === argmax(batch.targets, row, classes)) right++;
    yield;
  }
  return right / images.count;
}
