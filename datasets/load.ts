/**
 * @file Reads a data set from the store into memory.
 */
import { z } from 'zod';
import { BlobCache } from '../artifacts/blob-cache.js';
import type { Reference } from '../artifacts/reference.js';
import { count, readManifest, referenceSchema } from '../artifacts/schemas.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { DatasetManifest, LabelledImages } from './dataset.js';
import { readSplit } from './shards.js';

const splitSchema = z.object({ count: z.int().positive(), shards: z.array(referenceSchema) });

const manifestSchema: z.ZodType<DatasetManifest> = z
  .object({
    name: z.string(),
    shape: z.object({ channels: z.int().positive(), height: z.int().positive(), width: z.int().positive() }),
    classes: count,
    classNames: z.array(z.string()),
    mean: z.array(z.number()),
    std: z.array(z.number().positive()),
    flip: z.boolean(),
    train: splitSchema,
    test: splitSchema,
  })
  .refine(({ classes, classNames }) => classNames.length === classes, 'as many class names as classes')
  .refine(
    ({ shape, mean, std }) => mean.length === shape.channels && std.length === shape.channels,
    'a mean and a std for every channel',
  );

export interface LoadedDataset {
  readonly manifest: DatasetManifest;
  /** Those that were chosen, in the order in which they were. */
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

/** @throws DistilleryError `Corrupt` when it is damaged, `InvalidDataset` when it is of another form. */
export function getDatasetManifest(store: ArtifactStore, reference: Reference): Promise<DatasetManifest> {
  return readManifest(store, reference, manifestSchema, 'InvalidDataset');
}

/**
 * The images and labels, every byte verified. Holds what was chosen, the test images and one shard.
 * @param options cacheDir: folder that keeps the shards on this machine, shared by processes; none by default.
 *   choose: indices of the training images wanted, from the manifest, before any image is read; default: all.
 */
export async function loadDataset(
  store: ArtifactStore,
  reference: Reference,
  {
    cacheDir,
    choose,
  }: { readonly cacheDir?: string; readonly choose?: (manifest: DatasetManifest) => Uint32Array } = {},
): Promise<LoadedDataset> {
  const manifest = await getDatasetManifest(store, reference);
  const source = cacheDir === undefined ? store : new BlobCache(store, cacheDir);
  const read = (shard: Reference): Promise<Uint8Array> => source.get(shard);
  const { shape, classes } = manifest;
  const train = await readSplit(manifest.train, shape, classes, read, choose?.(manifest));
  return { manifest, train, test: await readSplit(manifest.test, shape, classes, read) };
}
