/**
 * @file What is in a data set, by looking at every image of it once.
 */
import { createHash } from 'node:crypto';
import type { ImageShape } from '../networks/spec.js';
import type { LoaderSource } from './loader.js';
import { openDataset, type OpenOptions } from './open.js';
import { pixelCount, type ImageSplit } from './split.js';
import { PixelStatistics } from './statistics.js';

export interface SplitReport {
  readonly count: number;
  /** Images of each class, in the order of the labels. */
  readonly perClass: readonly number[];
}

export interface DatasetReport {
  /** Name of the format. */
  readonly format: string;
  readonly shape: ImageShape;
  readonly classNames: readonly string[];
  readonly train: SplitReport;
  readonly test: SplitReport;
  /** Whether the test images were drawn from a data set that came without any. */
  readonly heldOut: boolean;
  /** Per channel, of the training images' pixels in [0,1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** What training uses instead, where constants are published: see `datasets/facts.ts`. */
  readonly published?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** sha256 of shape, labels and pixels: the same for the same images in whatever format. */
  readonly digest: string;
  /** The first training images of each class, [c,h,w] bytes, in the order of the labels. */
  readonly samples: readonly (readonly Uint8Array[])[];
}

/**
 * @param samplesPerClass pictures wanted of each class. Default 0.
 * @throws DistilleryError `InvalidDataset` naming what is wrong, as an import would.
 */
export async function inspectDataset(
  source: string | LoaderSource,
  options: OpenOptions = {},
  samplesPerClass = 0,
): Promise<DatasetReport> {
  const dataset = await openDataset(source, options);
  try {
    const { format, train, test, classNames, heldOut, constants } = dataset;
    const digest = createHash('sha256');
    const statistics = new PixelStatistics(train.shape);
    const samples = classNames.map((): Uint8Array[] => []);
    let index = 0;
    digest.update(
      JSON.stringify({ shape: train.shape, train: train.labels.length, test: test.labels.length }),
    );
    for (const split of [train, test]) {
      digest.update(new Uint8Array(split.labels.buffer, split.labels.byteOffset, split.labels.byteLength));
      for await (const images of split.batches()) {
        digest.update(images);
        if (split === test) continue;
        statistics.add(images);
        for (const image of imagesOf(images, pixelCount(train.shape))) {
          const kept = samples[train.labels[index] ?? 0];
          if (kept !== undefined && kept.length < samplesPerClass) kept.push(image.slice());
          index += 1;
        }
      }
    }
    return {
      format,
      shape: train.shape,
      classNames,
      train: reportOf(train, classNames.length),
      test: reportOf(test, classNames.length),
      heldOut,
      ...statistics.result(),
      ...(constants === undefined ? {} : { published: { mean: constants.mean, std: constants.std } }),
      digest: digest.digest('hex'),
      samples,
    };
  } finally {
    await dataset.close();
  }
}

function* imagesOf(images: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < images.length; at += size) yield images.subarray(at, at + size);
}

function reportOf({ labels }: ImageSplit, classes: number): SplitReport {
  const perClass = Array.from({ length: classes }, () => 0);
  for (const label of labels) perClass[label] = (perClass[label] ?? 0) + 1;
  return { count: labels.length, perClass };
}
