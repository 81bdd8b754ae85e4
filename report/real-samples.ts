/**
 * @file A few real training images of every class, to look at beside the distilled ones.
 */
import { readSafetensors, tensorOf } from '../artifacts/safetensors.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { DatasetManifest, LabelledImages } from '../datasets/dataset.js';
import { Stream } from '../random/stream.js';

/**
 * Up to `perClass` images of every class, drawn by seed. Reads shards only until every class has its images.
 */
export async function sampleReal(
  store: ArtifactStore,
  dataset: DatasetManifest,
  perClass: number,
  seed: number,
): Promise<LabelledImages> {
  const { shape, classes, train } = dataset;
  const size = shape.channels * shape.height * shape.width;
  const chosen: Uint8Array[][] = Array.from({ length: classes }, () => []);
  for (const [number, shard] of train.shards.entries()) {
    if (chosen.every((images) => images.length >= perClass)) break;
    const file = readSafetensors(await store.get(shard));
    const images = tensorOf(file, 'images', 'U8').data;
    const labels = tensorOf(file, 'labels', 'I32').data;
    for (const index of new Stream(seed, 'report-samples', number).permutation(labels.length)) {
      const found = chosen[labels[index] ?? -1];
      if (found && found.length < perClass) found.push(images.slice(index * size, (index + 1) * size));
    }
  }
  const count = chosen.reduce((sum, images) => sum + images.length, 0);
  const all = new Uint8Array(count * size);
  chosen.flat().forEach((image, index) => all.set(image, index * size));
  const labels = Int32Array.from(chosen.flatMap((images, label) => images.map(() => label)));
  return { shape, count, images: all, labels };
}
