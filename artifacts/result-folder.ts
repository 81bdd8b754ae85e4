/**
 * @file `distilled.safetensors`: the distilled images with all that is needed to train on them, and to look
 * at them. `images` F32 [n,c,h,w] as trained on (normalised), `labels` I64 [n], `learned_rate` F32 [1] and,
 * where labels were learned, `soft_labels` F32 [n,classes]; the rest as metadata, so that the file says by itself what it is.
 */
import { DistilleryError } from '../errors/errors.js';
import type { ImageShape } from '../networks/spec.js';
import {
  elementCount,
  readSafetensors,
  tensorOf,
  writeSafetensors,
  type NamedTensor,
} from './safetensors.js';
import { storedWhiteningSchema, type StoredWhitening } from './whitenings.js';

/** A distilled data set in memory. */
export interface DistilledSet {
  readonly shape: ImageShape;
  /** `[n, channels, height, width]`, normalised. */
  readonly images: Float32Array;
  /** Class of each image. */
  readonly labels: Int32Array;
  /** Learned class probabilities `[n, classes]` to train with; absent where the labels are the classes. */
  readonly softLabels?: Float32Array;
  /** alpha: the learning rate that belongs to the images. */
  readonly learnedRate: number;
  /** Per channel: a pixel in [0,1] is `image * std + mean`. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly classNames: readonly string[];
  /** Of images that are whitened in place of normalised; mean is then 0 and std 1. */
  readonly whitening?: StoredWhitening;
  /** Iterations of distillation done. */
  readonly iteration: number;
  /** Images per class. */
  readonly ipc: number;
}

/** The bytes of `distilled.safetensors`. */
export function encodeDistilled(set: DistilledSet): Uint8Array {
  const { channels, height, width } = set.shape;
  const n = set.labels.length;
  const tensors = new Map<string, NamedTensor>([
    ['images', { dtype: 'F32', shape: [n, channels, height, width], data: set.images }],
    ['labels', { dtype: 'I64', shape: [n], data: BigInt64Array.from(set.labels, BigInt) }],
    ['learned_rate', { dtype: 'F32', shape: [1], data: Float32Array.of(set.learnedRate) }],
  ]);
  const { softLabels } = set;
  if (softLabels)
    tensors.set('soft_labels', { dtype: 'F32', shape: [n, softLabels.length / n], data: softLabels });
  return writeSafetensors(tensors, {
    mean: JSON.stringify(set.mean),
    std: JSON.stringify(set.std),
    class_names: JSON.stringify(set.classNames),
    iteration: String(set.iteration),
    ipc: String(set.ipc),
    ...(set.whitening === undefined
      ? { normalisation: 'images = (pixels in [0,1] - mean) / std, per channel' }
      : {
          normalisation: 'images = (pixels in [0,1] - zca mean) @ zca transform, of flat images [c,h,w]',
          whitening: JSON.stringify(set.whitening),
        }),
  });
}

/** @throws DistilleryError `Corrupt` when it is not such a file. */
export function decodeDistilled(bytes: Uint8Array): DistilledSet {
  const file = readSafetensors(bytes);
  const images = tensorOf(file, 'images', 'F32');
  const labels = tensorOf(file, 'labels', 'I64');
  const [learnedRate] = tensorOf(file, 'learned_rate', 'F32').data;
  const [n, channels, height, width] = images.shape;
  const flat = images.shape.length !== 4 || elementCount(labels.shape) !== n;
  if (
    flat ||
    channels === undefined ||
    height === undefined ||
    width === undefined ||
    learnedRate === undefined
  ) {
    throw notDistilled('images, labels and learned_rate do not fit together');
  }
  const soft = file.tensors.has('soft_labels') ? tensorOf(file, 'soft_labels', 'F32') : undefined;
  const classNames = field(file.metadata, 'class_names', isTexts);
  if (soft && (soft.shape[0] !== n || soft.shape[1] !== classNames.length))
    throw notDistilled('soft_labels do not fit the images and classes');
  const mean = numbers(file.metadata, 'mean');
  const std = numbers(file.metadata, 'std');
  if (mean.length !== channels || std.length !== channels)
    throw notDistilled('mean and std do not fit the channels');
  return {
    shape: { channels, height, width },
    images: images.data,
    labels: Int32Array.from(labels.data, Number),
    ...(soft && { softLabels: soft.data }),
    learnedRate,
    mean,
    std,
    ...('whitening' in file.metadata && {
      whitening: field(file.metadata, 'whitening', isWhitening),
    }),
    classNames,
    iteration: field(file.metadata, 'iteration', isNumber),
    ipc: field(file.metadata, 'ipc', isNumber),
  };
}

function isWhitening(value: unknown): value is StoredWhitening {
  return storedWhiteningSchema.safeParse(value).success;
}

function numbers(metadata: Readonly<Record<string, string>>, name: string): number[] {
  return field(metadata, name, (value): value is number[] => Array.isArray(value) && value.every(isNumber));
}

function field<T>(
  metadata: Readonly<Record<string, string>>,
  name: string,
  is: (value: unknown) => value is T,
): T {
  try {
    const value: unknown = JSON.parse(metadata[name] ?? 'null');
    if (is(value)) return value;
  } catch {
    // Said below.
  }
  throw notDistilled(`its metadata has no valid ${name}`);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function notDistilled(reason: string): DistilleryError {
  return new DistilleryError(
    'Corrupt',
    `Not a distilled data set: ${reason}. Fetch distilled.safetensors again.`,
  );
}
