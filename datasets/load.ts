/**
 * @file Reads a data set from the store: into memory, or into files of this machine.
 */
import { z } from 'zod';
import { BlobCache } from '../artifacts/blob-cache.js';
import type { Reference } from '../artifacts/reference.js';
import { count, readManifest, referenceSchema } from '../artifacts/schemas.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { DistilleryError } from '../errors/errors.js';
import type { DatasetManifest, ImageSource, LabelledImages } from './dataset.js';
import { imagesAt, imagesInMemory } from './image-source.js';
import { openShardFiles } from './shard-files.js';
import { readSplit } from './shards.js';
import { pixelCount } from './split.js';

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

/** @param choose indices of the training images wanted, from the manifest, before any is read; default: all. */
export interface LoadOptions {
  readonly choose?: (manifest: DatasetManifest) => Uint32Array;
}

/** The images and labels, every byte verified. Holds what was chosen, the test images and one shard. */
export async function loadDataset(
  store: ArtifactStore,
  reference: Reference,
  { choose }: LoadOptions = {},
): Promise<LoadedDataset> {
  const manifest = await getDatasetManifest(store, reference);
  const read = (shard: Reference): Promise<Uint8Array> => store.get(shard);
  const { shape, classes } = manifest;
  const train = await readSplit(manifest.train, shape, classes, read, choose?.(manifest));
  return { manifest, train, test: await readSplit(manifest.test, shape, classes, read) };
}

/** Where images may be while they are worked with. */
export interface ImageRoom {
  /** Bytes of images that may be held in memory; larger data sets stay on disk. */
  readonly memory: number;
  /** Folder for them, shared by processes. */
  readonly folder: string;
  /** What the folder may hold. */
  readonly folderBytes: number;
}

export interface OpenedDataset {
  readonly manifest: DatasetManifest;
  /** Those that were chosen, in the order in which they were. */
  readonly train: ImageSource;
  readonly test: ImageSource;
  readonly inMemory: boolean;
  /** Closes files; the images cannot be read afterwards. */
  readonly close: () => void;
}

export interface OpenOptions extends LoadOptions {
  /** Unlimited memory when absent. */
  readonly room?: ImageRoom | undefined;
  /** What is made of a byte in memory. Default 1. */
  readonly bytesPerPixel?: number;
  /** Awaited between shards. */
  readonly between?: () => Promise<void>;
}

/**
 * As `loadDataset`, but what does not fit into the room's memory stays on disk. Every byte of a shard is verified
 * when it is opened.
 *
 * @throws DistilleryError `InvalidDataset` when the folder may not hold it either, `NoSpace` when its disk is full
 */
export async function openImages(
  store: ArtifactStore,
  reference: Reference,
  { room, bytesPerPixel = 1, choose, between }: OpenOptions = {},
): Promise<OpenedDataset> {
  const manifest = await getDatasetManifest(store, reference);
  const chosen = choose?.(manifest);
  const { shape, classes, train, test } = manifest;
  const count = (chosen?.length ?? train.count) + test.count;
  if (room === undefined || count * pixelCount(shape) * bytesPerPixel <= room.memory) {
    const loaded = await loadDataset(store, reference, { ...(chosen && { choose: () => chosen }) });
    return {
      manifest,
      train: imagesInMemory(loaded.train),
      test: imagesInMemory(loaded.test),
      inMemory: true,
      close: () => undefined,
    };
  }
  requireDisk(manifest, room);
  const source = { cache: new BlobCache(store, room.folder, room.folderBytes), between };
  const trainFiles = await openShardFiles(train, shape, classes, source);
  const testFiles = await openShardFiles(test, shape, classes, source).catch((error: unknown) => {
    trainFiles.close();
    throw error;
  });
  return {
    manifest,
    train: chosen === undefined ? trainFiles : imagesAt(trainFiles, chosen),
    test: testFiles,
    inMemory: false,
    close() {
      trainFiles.close();
      testFiles.close();
    },
  };
}

function requireDisk(
  { name, train, test }: DatasetManifest,
  { memory, folder, folderBytes }: ImageRoom,
): void {
  const bytes = [...train.shards, ...test.shards].reduce((sum, shard) => sum + shard.bytes, 0);
  if (bytes <= folderBytes) return;
  throw new DistilleryError(
    'InvalidDataset',
    `The images of ${name} take ${gibibytes(bytes)}; this worker may hold ${gibibytes(memory)} of images in memory and ` +
      `${gibibytes(folderBytes)} in ${folder}. Set a lower dataset.limit, so that they fit into memory, import ` +
      'smaller images, or raise DISTILLERY_DATASET_CACHE_SIZE.',
  );
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
