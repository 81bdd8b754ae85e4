/**
 * @file What a store knows of the data set of a plan, so that what does not fit it is found before anything runs.
 */
import { datasetKey } from '../../artifacts/layout.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import type { DatasetManifest } from '../../datasets/dataset.js';
import { getDatasetManifest } from '../../datasets/load.js';
import { readShard } from '../../datasets/shards.js';
import type { KnownDataset, RarestClass } from '../../definition/builtin-datasets.js';
import type { Plan } from '../../definition/plan.js';
import { realImagesPerClass } from '../../definition/real-images.js';
import { runOrder } from '../../distillation/split.js';

/** Images are read for their labels up to so many bytes. */
const mostBytes = 512 * 1024 * 1024;
/** With so many images of a class on average, and twice as many as are drawn, no class is looked at. */
const plenty = 10;

/**
 * Undefined where the store does not have the data set. Where a plan takes many of the images of a class, or trains
 * on few, the rarest class is among what is known, counted as a run would draw its images.
 *
 * @throws DistilleryError of the store, or `InvalidDataset` when it is damaged
 */
export async function storedDataset(store: ArtifactStore, plan: Plan): Promise<KnownDataset | undefined> {
  const stored = await store.getManifest(datasetKey(plan.dataset.source));
  if (stored === undefined) return undefined;
  const manifest = await getDatasetManifest(store, stored.reference);
  const { shape, classes, train, test } = manifest;
  const rarest = isTight(plan, manifest) ? await rarestOf(store, plan, manifest) : undefined;
  return {
    shape,
    classes,
    trainImages: train.count,
    testImages: test.count,
    ...(rarest && { rarest }),
  };
}

function isTight(plan: Plan, { train, classes }: DatasetManifest): boolean {
  const { holdout, limit } = plan.dataset;
  if (holdout + (limit ?? 1) > train.count) return false;
  if (train.shards.reduce((sum, { bytes }) => sum + bytes, 0) > mostBytes) return false;
  const mean = (limit ?? train.count - holdout) / classes;
  return mean < plenty || mean < 2 * realImagesPerClass(plan.stages);
}

async function rarestOf(
  store: ArtifactStore,
  { dataset, seed }: Plan,
  { train, shape, classes, classNames }: DatasetManifest,
): Promise<RarestClass> {
  const labels = new Int32Array(train.count);
  let read = 0;
  for (const shard of train.shards) {
    const form = { shape, classes, most: train.count - read };
    const part = readShard(shard, await store.get(shard), form).labels;
    labels.set(part, read);
    read += part.length;
  }
  const counts = Array.from({ length: classes }, () => 0);
  for (const index of runOrder(train.count, { ...dataset, seed }).subarray(dataset.holdout)) {
    const label = labels[index] ?? 0;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  const images = Math.min(...counts);
  return { images, inRun: true, name: classNames[counts.indexOf(images)] ?? '' };
}
