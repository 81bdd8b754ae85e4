/**
 * @file The whitening of a data set: fitted once for all runs on it, then found in the store.
 */
import type { Reference } from '../artifacts/reference.js';
import { readSafetensors, tensorOf } from '../artifacts/safetensors.js';
import { findWhitening, getWhitening, putWhitening, type StoredWhitening } from '../artifacts/whitenings.js';
import type { DatasetManifest, LabelledImages } from '../datasets/dataset.js';
import { FloatImages, oneHot, pixelsOf } from '../distillation/batches.js';
import { WhiteningFit, whitenBytes } from '../distillation/device-whitening.js';
import { Stopped, type TaskContext } from './context.js';
import { whiteningUnit } from './unit-keys.js';

/** A stored whitening, and what it makes of images. */
export interface RunWhitening {
  readonly stored: StoredWhitening;
  readonly whiten: (images: LabelledImages) => FloatImages;
}

/**
 * @param reference of the manifest
 * @throws DistilleryError `Diverged` when the images cannot be whitened, or one of the store
 */
export async function runWhitening(
  context: TaskContext,
  reference: Reference,
  manifest: DatasetManifest,
): Promise<RunWhitening> {
  const unit = whiteningUnit(reference);
  const stored = (await findWhitening(context.store, unit)) ?? (await fit(context, unit, manifest));
  const { mean, matrix } = await getWhitening(context.store, stored, 'transform');
  const whitening = { dimension: mean.length, mean, transform: matrix };
  return {
    stored,
    whiten: ({ shape, images, labels }) =>
      new FloatImages(
        shape,
        manifest.classes,
        whitenBytes(context.device, images, whitening),
        oneHot(labels, manifest.classes),
      ),
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

async function mayStop(context: TaskContext): Promise<void> {
  await context.breathe();
  const reason = context.stopRequested();
  if (reason !== undefined) throw new Stopped(reason);
}
