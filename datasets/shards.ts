/**
 * @file A split as safetensors shards: `images` U8 [n,c,h,w] and `labels` I32 [n]. The same images always
 * give the same shards.
 */
import { safetensorsMediaType } from '../artifacts/checkpoints.js';
import type { Reference } from '../artifacts/reference.js';
import { readSafetensors, tensorOf, writeSafetensors, type NamedTensor } from '../artifacts/safetensors.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { DistilleryError } from '../errors/errors.js';
import type { ImageShape } from '../networks/spec.js';
import type { LabelledImages, StoredSplit } from './dataset.js';
import { pixelCount, type ImageSplit } from './split.js';

/** Part of what shards' digests depend on: do not change it. */
const shardBytes = 48 * 1024 * 1024;
const headerBytes = 4096;

/**
 * Writes the images as they come; no more than one shard is held in memory.
 * @param onBatch sees every batch, [n,c,h,w].
 * @throws DistilleryError `InvalidDataset` when there are not as many images as labels.
 */
export async function writeSplit(
  store: ArtifactStore,
  split: ImageSplit,
  onBatch: (images: Uint8Array) => void = () => undefined,
): Promise<StoredSplit> {
  const { channels, height, width } = split.shape;
  const size = pixelCount(split.shape);
  const count = split.labels.length;
  const step = Math.max(1, Math.floor((shardBytes - headerBytes) / (size + Int32Array.BYTES_PER_ELEMENT)));
  const buffer = new Uint8Array(Math.min(step, count) * size);
  const shards: Reference[] = [];
  let written = 0;
  let filled = 0;
  const flush = async (): Promise<void> => {
    const images = filled / size;
    const tensors = new Map<string, NamedTensor>([
      ['labels', { dtype: 'I32', shape: [images], data: split.labels.subarray(written, written + images) }],
      ['images', { dtype: 'U8', shape: [images, channels, height, width], data: buffer.subarray(0, filled) }],
    ]);
    shards.push(await store.putBlob(writeSafetensors(tensors), safetensorsMediaType));
    written += images;
    filled = 0;
  };
  for await (const batch of split.batches()) {
    onBatch(batch);
    for (let at = 0; at < batch.length;) {
      const part = batch.subarray(at, at + buffer.length - filled);
      buffer.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === buffer.length) await flush();
    }
  }
  if (filled > 0) await flush();
  if (written !== count) {
    throw new DistilleryError('InvalidDataset', `There are ${count} labels, but ${written} images.`);
  }
  return { count, shards };
}

/**
 * Reads shard by shard: no more is held than what is asked for and one shard.
 * @param read the bytes of a shard, verified.
 * @param wanted different indices of the images to give, in this order; default: all.
 * @throws DistilleryError `InvalidDataset` when the shards are not what the manifest says.
 */
export async function readSplit(
  split: StoredSplit,
  shape: ImageShape,
  classes: number,
  read: (shard: Reference) => Promise<Uint8Array>,
  wanted?: Uint32Array,
): Promise<LabelledImages> {
  const size = pixelCount(shape);
  const images = new Uint8Array((wanted?.length ?? split.count) * size);
  const labels = new Int32Array(wanted?.length ?? split.count);
  const places = wanted === undefined ? undefined : placesOf(wanted, split.count);
  let count = 0;
  for (const shard of split.shards) {
    const part = readShard(shard, await read(shard), { shape, classes, most: split.count - count });
    if (places === undefined) {
      images.set(part.images, count * size);
      labels.set(part.labels, count);
    } else {
      part.labels.forEach((label, i) => {
        const place = places[count + i] ?? -1;
        if (place < 0) return;
        images.set(part.images.subarray(i * size, (i + 1) * size), place * size);
        labels[place] = label;
      });
    }
    count += part.labels.length;
  }
  requireCount(split, count);
  return { shape, count: labels.length, images, labels };
}

/** What a shard must be: images of that shape, labels of so many classes, at most so many of both. */
interface ShardForm {
  readonly shape: ImageShape;
  readonly classes: number;
  readonly most: number;
}

/** @throws DistilleryError `InvalidDataset` when a shard is not what the manifest says. */
export function readShard(
  shard: Reference,
  bytes: Uint8Array,
  { shape: { channels, height, width }, classes, most }: ShardForm,
): { readonly images: Uint8Array; readonly labels: Int32Array } {
  const file = readSafetensors(bytes);
  const images = tensorOf(file, 'images', 'U8');
  const labels = tensorOf(file, 'labels', 'I32').data;
  const [n = 0, ...rest] = images.shape;
  if (rest.join() !== [channels, height, width].join() || labels.length !== n || n > most)
    throw invalid(shard, `images of ${channels} x ${height} x ${width} with a label each`);
  const wrong = labels.find((label) => label < 0 || label >= classes);
  if (wrong !== undefined) throw invalid(shard, `labels from 0 to ${classes - 1}, found ${wrong}`);
  return { images: images.data, labels };
}

/** @throws DistilleryError `InvalidDataset` when the shards do not hold as many images as the split. */
export function requireCount(split: StoredSplit, count: number): void {
  if (count !== split.count)
    throw invalid(split.shards.at(-1), `${split.count} images in all, found ${count}`);
}

/** Where each of `count` images goes; -1 for those that are not wanted. */
function placesOf(wanted: Uint32Array, count: number): Int32Array {
  const places = new Int32Array(count).fill(-1);
  wanted.forEach((index, place) => (places[index] = place));
  return places;
}

function invalid(shard: Reference | undefined, expected: string): DistilleryError {
  return new DistilleryError(
    'InvalidDataset',
    `The stored data set does not fit its manifest: ${shard?.key ?? 'no shards'}: expected ${expected}. Import it again.`,
  );
}
