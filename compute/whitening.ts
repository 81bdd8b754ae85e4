/**
 * @file The whitening of a data set: fitted once for all runs on it, then found in the store.
 */
import type { Reference } from '../artifacts/reference.js';
import { readSafetensors, tensorOf } from '../artifacts/safetensors.js';
import { findWhitening, getWhitening, putWhitening, type StoredWhitening } from '../artifacts/whitenings.js';
import type { DatasetManifest, ImageSource } from '../datasets/dataset.js';
import { pixelsOf } from '../distillation/batches.js';
import { WhiteningFit, whitened } from '../distillation/device-whitening.js';
import { mayStop, type TaskContext } from './context.js';
import { whiteningUnit } from './unit-keys.js';
import { whitenedInMemory, whitenedOnDisk, type WhitenedImages } from './whitened-images.js';

/** A stored whitening, and what it makes of images. */
export interface RunWhitening {
  readonly stored: StoredWhitening;
  readonly whiten: (images: ImageSource) => WhitenedImages;
}

/**
 * @param reference of the manifest
 * @param folder where whitened images are kept; in memory when absent
 * @throws DistilleryError `Diverged` when the images cannot be whitened, or one of the store
 */
export async function runWhitening(
  context: TaskContext,
  reference: Reference,
  manifest: DatasetManifest,
  folder: string | undefined,
): Promise<RunWhitening> {
  const unit = whiteningUnit(reference);
  const stored = (await findWhitening(context.store, unit)) ?? (await fit(context, unit, manifest));
  const { mean, matrix } = await getWhitening(context.store, stored, 'transform');
  const whitening = { dimension: mean.length, mean, transform: matrix };
  return {
    stored,
    whiten(images) {
      const parts = whitened(context.device, images, whitening);
      return folder === undefined
        ? whitenedInMemory(images, manifest.classes, parts)
        : whitenedOnDisk(images, manifest.classes, parts, folder);
    },
  };
}

/** To all training images; a shard at a time is held. */
async function fit(
  context: TaskContext,
  unit: string,
  { shape, train }: DatasetManifest,
): Promise<StoredWhitening> {
  const sums = new WhiteningFit(context.device, pixelsOf(shape));
  for (const shard of train.shards) {
    sums.add(tensorOf(readSafetensors(await context.store.get(shard)), 'images', 'U8').data);
    await mayStop(context);
  }
  return putWhitening(context.store, unit, await sums.finish(() => mayStop(context)));
}
