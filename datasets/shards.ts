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

/** Part of what shards' digests depend on: do not change it. */
const shardBytes = 48 * 1024 * 1024;
const headerBytes = 4096;

function pixelCount({ channels, height, width }: ImageShape): number {
  return channels * height * width;
}

export async function writeSplit(store: ArtifactStore, split: LabelledImages): Promise<StoredSplit> {
  const { channels, height, width } = split.shape;
  const size = pixelCount(split.shape);
  const step = Math.max(1, Math.floor((shardBytes - headerBytes) / (size + Int32Array.BYTES_PER_ELEMENT)));
  const shards: Reference[] = [];
  for (let from = 0; from < split.count; from += step) {
    const to = Math.min(split.count, from + step);
    const tensors = new Map<string, NamedTensor>([
      ['labels', { dtype: 'I32', shape: [to - from], data: split.labels.subarray(from, to) }],
      [
        'images',
        {
          dtype: 'U8',
          shape: [to - from, channels, height, width],
          data: split.images.subarray(from * size, to * size),
        },
      ],
    ]);
    shards.push(await store.putBlob(writeSafetensors(tensors), safetensorsMediaType));
  }
  return { count: split.count, shards };
}

/**
 * @param read the bytes of a shard, verified.
 * @throws DistilleryError `InvalidDataset` when the shards are not what the manifest says.
 */
export async function readSplit(
  split: StoredSplit,
  shape: ImageShape,
  classes: number,
  read: (shard: Reference) => Promise<Uint8Array>,
): Promise<LabelledImages> {
  const size = pixelCount(shape);
  const images = new Uint8Array(split.count * size);
  const labels = new Int32Array(split.count);
  let count = 0;
  for (const shard of split.shards) {
    const file = readSafetensors(await read(shard));
    const part = tensorOf(file, 'images', 'U8');
    const partLabels = tensorOf(file, 'labels', 'I32').data;
    const [n = 0, ...rest] = part.shape;
    const fits =
      rest.join() === [shape.channels, shape.height, shape.width].join() && partLabels.length === n;
    if (!fits || count + n > split.count) {
      throw invalid(
        shard,
        `images of ${[shape.channels, shape.height, shape.width].join(' x ')} with a label each`,
      );
    }
    images.set(part.data, count * size);
    labels.set(partLabels, count);
    count += n;
  }
  if (count !== split.count)
    throw invalid(split.shards.at(-1), `${split.count} images in all, found ${count}`);
  const wrong = labels.find((label) => label < 0 || label >= classes);
  if (wrong !== undefined) throw invalid(split.shards[0], `labels from 0 to ${classes - 1}, found ${wrong}`);
  return { shape, count, images, labels };
}

function invalid(shard: Reference | undefined, expected: string): DistilleryError {
  return new DistilleryError(
    'InvalidDataset',
    `The stored data set does not fit its manifest: ${shard?.key ?? 'no shards'}: expected ${expected}. Import it again.`,
  );
}
