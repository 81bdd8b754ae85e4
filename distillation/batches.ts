/**
 * @file From stored bytes to what networks train on: normalised float images and one-hot targets.
 */
import type { ImageSource } from '../datasets/dataset.js';
import type { ImageShape } from '../networks/spec.js';
import type { Batch } from './network-programs.js';

/** Anything that batches can be taken from: real images as bytes or synthetic images as floats. */
export interface BatchSource {
  readonly count: number;
  readonly classes: number;
  readonly shape: ImageShape;
  /** The images `indices[from .. to - 1]`, copied; `to` defaults to the end. */
  batch(indices: Uint32Array, from?: number, to?: number): Batch;
}

/** Pixels of one image. */
export function pixelsOf({ channels, height, width }: ImageShape): number {
  return channels * height * width;
}

/** `[labels.length, classes]`, a single 1 in each row. */
export function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  const targets = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) targets[i * classes + (labels[i] ?? 0)] = 1;
  return targets;
}

/** Real images: each byte becomes `(byte / 255 - mean) / std` of its channel, by a table of 256 entries. */
export class NormalisedImages implements BatchSource {
  readonly count: number;
  readonly shape: ImageShape;
  readonly #images: ImageSource;
  readonly #tables: readonly Float32Array[];

  /** @param normalisation mean and std per channel, of pixels in [0,1] */
  constructor(
    images: ImageSource,
    readonly classes: number,
    normalisation: { readonly mean: readonly number[]; readonly std: readonly number[] },
  ) {
    this.count = images.count;
    this.shape = images.shape;
    this.#images = images;
    this.#tables = Array.from({ length: images.shape.channels }, (_, channel) => {
      const mean = normalisation.mean[channel] ?? 0;
      const std = normalisation.std[channel] ?? 1;
      return Float32Array.from({ length: 256 }, (__, byte) => (byte / 255 - mean) / std);
    });
  }

  batch(indices: Uint32Array, from = 0, to = indices.length): Batch {
    const count = to - from;
    const size = pixelsOf(this.shape);
    const plane = this.shape.height * this.shape.width;
    const images = new Float32Array(count * size);
    const labels = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const index = indices[from + i] ?? 0;
      labels[i] = this.#images.labels[index] ?? 0;
      const bytes = this.#images.pixels(index);
      this.#tables.forEach((table, channel) => {
        const source = channel * plane;
        const target = i * size + channel * plane;
        for (let pixel = 0; pixel < plane; pixel++)
          images[target + pixel] = table[bytes[source + pixel] ?? 0] ?? 0;
      });
    }
    return { images, count, targets: oneHot(labels, this.classes) };
  }
}

/** Images already as trained on, with class probabilities: a synthetic set. Holds views, not copies. */
export class FloatImages implements BatchSource {
  readonly count: number;

  /**
   * @param images NCHW, normalised
   * @param targets class probabilities `[count, classes]`
   */
  constructor(
    readonly shape: ImageShape,
    readonly classes: number,
    readonly images: Float32Array,
    readonly targets: Float32Array,
  ) {
    this.count = targets.length / classes;
    if (images.length !== this.count * pixelsOf(shape))
      throw new RangeError(`${images.length} pixels are not ${this.count} images`);
  }

  batch(indices: Uint32Array, from = 0, to = indices.length): Batch {
    const count = to - from;
    const size = pixelsOf(this.shape);
    const images = new Float32Array(count * size);
    const targets = new Float32Array(count * this.classes);
    for (let i = 0; i < count; i++) {
      const index = indices[from + i] ?? 0;
      images.set(this.images.subarray(index * size, (index + 1) * size), i * size);
      targets.set(this.targets.subarray(index * this.classes, (index + 1) * this.classes), i * this.classes);
    }
    return { images, count, targets };
  }
}
