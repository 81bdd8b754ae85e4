/**
 * @file A split as its files give it: all labels at once, as they are small, and the images in batches, as they
 * may be more than memory holds.
 */
import type { ImageShape } from '../networks/spec.js';
import type { LabelledImages } from './dataset.js';

/** Which images are wanted, by index. */
export type Keep = (index: number) => boolean;

export interface ImageSplit {
  readonly shape: ImageShape;
  /** As found: not checked against the classes yet. */
  readonly labels: Int32Array;
  /**
   * The images in order, [n,c,h,w] bytes, so many at a time as is convenient. Can be called again.
   * @param keep default: all.
   */
  batches(keep?: Keep): AsyncIterable<Uint8Array>;
  /** What messages call an image: its file, or the file and its number in it. */
  readonly nameOf: (index: number) => string;
}

/** Pixels of one image, over all channels. */
export function pixelCount({ channels, height, width }: ImageShape): number {
  return channels * height * width;
}

/** `3 x 32 x 32`. */
export function shapeText({ channels, height, width }: ImageShape): string {
  return `${channels} x ${height} x ${width}`;
}

/** A split that is in memory. */
export function memorySplit({ shape, labels, images }: LabelledImages): ImageSplit {
  return {
    shape,
    labels,
    async *batches(keep) {
      await Promise.resolve();
      yield* onlyKept(images, pixelCount(shape), 0, keep);
    },
    nameOf: (index) => `image ${index}`,
  };
}

/** Those of consecutive images that are wanted, if any; `first` is the index of the first. */
export function* onlyKept(
  images: Uint8Array,
  size: number,
  first: number,
  keep: Keep | undefined,
): Generator<Uint8Array> {
  if (keep === undefined) {
    yield images;
    return;
  }
  const kept: Uint8Array[] = [];
  for (let at = 0; at * size < images.length; at += 1) {
    if (keep(first + at)) kept.push(images.subarray(at * size, (at + 1) * size));
  }
  if (kept.length > 0) yield new Uint8Array(Buffer.concat(kept));
}

/** The images of some indices, in rising order, as a split of its own. */
export function subsplit(split: ImageSplit, indices: Uint32Array): ImageSplit {
  const chosen = new Set(indices);
  return {
    shape: split.shape,
    labels: Int32Array.from(indices, (index) => split.labels[index] ?? -1),
    batches: (keep) => {
      const positions = new Map(Array.from(indices, (index, position) => [index, position]));
      return split.batches((index) => chosen.has(index) && (keep?.(positions.get(index) ?? -1) ?? true));
    },
    nameOf: (position) => split.nameOf(indices[position] ?? -1),
  };
}
