/**
 * @file Data sets that code of the user's own brings: its form, and how it becomes a split like any other.
 */
import { DistilleryError } from '../errors/errors.js';
import type { ImageShape } from '../networks/spec.js';
import type { FormatContents } from './format.js';
import { onlyKept, pixelCount, type ImageSplit } from './split.js';

/** Pixels of images in a row, [n,c,h,w]: bytes, or floats from 0 to 1, which are rounded to bytes. */
export type Pixels = Uint8Array | Float32Array | Float64Array;

export interface LoadedSplit {
  readonly shape: ImageShape;
  /** Class of each image, from 0. */
  readonly labels: ArrayLike<number>;
  /** All images, or a function that gives them in order, so many at a time as is convenient; it is called again. */
  readonly images: Pixels | (() => AsyncIterable<Pixels> | Iterable<Pixels>);
}

/** What a loader brings. */
export interface LoadedDataset {
  readonly train: LoadedSplit;
  /** Without it, a tenth of every class is held out for testing. */
  readonly test?: LoadedSplit;
  /** In the order of the labels. Default: the numbers. */
  readonly classNames?: readonly string[];
  /** Whether mirrored images keep their class. Default true. */
  readonly flip?: boolean;
}

/** Brings a data set; called when a definition first names it, or by `distillery dataset import --loader`. */
export type DatasetLoader = () => LoadedDataset | Promise<LoadedDataset>;

/** The default export of a module of loaders, by the names that definitions use. */
export type DatasetLoaders = Readonly<Record<string, DatasetLoader>>;

/** A loader and what messages call it. */
export interface LoaderSource {
  readonly label: string;
  readonly load: DatasetLoader;
}

/** @throws DistilleryError `InvalidDataset` naming the loader and what is wrong with what it brings */
export async function openLoaded({
  label,
  load,
}: LoaderSource): Promise<FormatContents & { flip?: boolean }> {
  let loaded: LoadedDataset;
  try {
    loaded = await load();
  } catch (cause) {
    if (cause instanceof DistilleryError) throw cause;
    throw refuse(label, `it failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const { train, test, classNames, flip } = loaded as Partial<LoadedDataset>;
  if (train === undefined) throw refuse(label, 'it brings no training images (`train`)');
  return {
    train: splitOf(`${label}, train`, train),
    ...(test === undefined ? {} : { test: splitOf(`${label}, test`, test) }),
    ...(classNames === undefined ? {} : { classNames }),
    ...(flip === undefined ? {} : { flip }),
  };
}

function splitOf(label: string, { shape, labels, images }: LoadedSplit): ImageSplit {
  const { channels, height, width } = shape;
  const whole = [channels, height, width].every((size) => Number.isInteger(size) && size > 0);
  if (!whole || (channels !== 1 && channels !== 3))
    throw refuse(
      label,
      `images have 1 or 3 channels and whole sides, found ${channels} x ${height} x ${width}`,
    );
  if (labels.length === 0) throw refuse(label, 'there are no labels');
  const numbers = Int32Array.from(labels, (value, index) => {
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) return value;
    throw refuse(label, `labels are whole numbers, found ${value} as label ${index}`);
  });
  const size = pixelCount(shape);
  return {
    shape,
    labels: numbers,
    async *batches(keep) {
      let first = 0;
      for await (const batch of typeof images === 'function' ? images() : [images]) {
        if (batch.length % size !== 0)
          throw refuse(label, `a batch of ${batch.length} values is no number of images of ${size} values`);
        const count = batch.length / size;
        if (first + count > numbers.length)
          throw refuse(label, `there are ${numbers.length} labels, but more images`);
        yield* onlyKept(toBytes(batch, label, first, size), size, first, keep);
        first += count;
      }
      if (first !== numbers.length)
        throw refuse(label, `there are ${numbers.length} labels, but ${first} images`);
    },
    nameOf: (index) => `${label}, image ${index}`,
  };
}

function toBytes(batch: Pixels, label: string, first: number, size: number): Uint8Array {
  if (batch instanceof Uint8Array) return batch;
  return Uint8Array.from(batch, (value, at) => {
    const byte = Math.round(value * 255);
    if (byte >= 0 && byte <= 255) return byte;
    throw refuse(
      label,
      `image ${first + Math.floor(at / size)} has the pixel ${value}; floats are from 0 to 1`,
    );
  });
}

function refuse(label: string, reason: string, options?: ErrorOptions): DistilleryError {
  return new DistilleryError('InvalidDataset', `${label}: ${reason}. Correct the loader.`, options);
}
