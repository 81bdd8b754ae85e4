/**
 * @file A split that stays on disk: shards as files of this machine, of which single images are read when they are
 * wanted. Only the labels are held. Images that are wanted again soon are in the system's own cache of files.
 */
import { closeSync, readSync } from 'node:fs';
import type { BlobCache } from '../artifacts/blob-cache.js';
import { readSafetensorsHeader } from '../artifacts/safetensors.js';
import { DistilleryError } from '../errors/errors.js';
import type { ImageShape } from '../networks/spec.js';
import type { ImageSource, StoredSplit } from './dataset.js';
import { readShard, requireCount } from './shards.js';
import { pixelCount } from './split.js';

/** Images in files, which are open until it is closed. */
export interface ImageFiles extends ImageSource {
  readonly close: () => void;
}

interface ShardFile {
  readonly file: number;
  /** Index of its first image. */
  readonly begin: number;
  /** Of its first pixel, in bytes. */
  readonly offset: number;
}

/**
 * Fetches the shards that are not on this machine, and verifies all of them; one at a time is held.
 *
 * @param source between: awaited after each shard
 * @throws DistilleryError `InvalidDataset` when the shards are not what the manifest says, or one of the cache
 */
export async function openShardFiles(
  split: StoredSplit,
  shape: ImageShape,
  classes: number,
  { cache, between }: { readonly cache: BlobCache; readonly between?: (() => Promise<void>) | undefined },
): Promise<ImageFiles> {
  const files: ShardFile[] = [];
  const close = (): void => files.forEach(({ file }) => closeSync(file));
  const labels = new Int32Array(split.count);
  let count = 0;
  try {
    for (const shard of split.shards) {
      const { bytes, file } = await cache.open(shard);
      files.push({
        file,
        begin: count,
        offset: readSafetensorsHeader(bytes).places.get('images')?.begin ?? 0,
      });
      const part = readShard(shard, bytes, { shape, classes, most: split.count - count });
      labels.set(part.labels, count);
      count += part.labels.length;
      await between?.();
    }
    requireCount(split, count);
  } catch (error) {
    close();
    throw error;
  }
  const image = new Uint8Array(pixelCount(shape));
  return {
    shape,
    count,
    labels,
    pixels(index) {
      const { file, begin, offset } = fileOf(files, index);
      if (readSync(file, image, 0, image.length, offset + (index - begin) * image.length) < image.length)
        throw new DistilleryError(
          'Corrupt',
          `A file of images ends before image ${index}: somebody has cut it. Run the stage again.`,
        );
      return image;
    },
    close,
  };
}

/** By halving: shards need not have the same number of images. */
function fileOf(files: readonly ShardFile[], index: number): ShardFile {
  let low = 0;
  let high = files.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((files[middle]?.begin ?? Infinity) <= index) low = middle;
    else high = middle;
  }
  const found = files[low];
  if (found === undefined) throw new RangeError(`there is no image ${index}`);
  return found;
}
