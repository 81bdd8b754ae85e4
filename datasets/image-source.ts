/**
 * @file Images that are given by index: those in memory, and views of others.
 */
import type { ImageSource, LabelledImages } from './dataset.js';
import { pixelCount } from './split.js';

export function imagesInMemory({ shape, count, images, labels }: LabelledImages): ImageSource {
  const size = pixelCount(shape);
  return { shape, count, labels, pixels: (index) => images.subarray(index * size, (index + 1) * size) };
}

/** Those at the indices, in their order. */
export function imagesAt(source: ImageSource, indices: Uint32Array): ImageSource {
  return {
    shape: source.shape,
    count: indices.length,
    labels: Int32Array.from(indices, (index) => source.labels[index] ?? -1),
    pixels: (index) => source.pixels(indices[index] ?? -1),
  };
}
