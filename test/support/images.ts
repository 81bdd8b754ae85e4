/**
 * @file Small made-up data sets.
 */
import type { LabelledImages } from '../../datasets/dataset.js';
import type { ImageShape } from '../../networks/spec.js';
import { Stream } from '../../random/stream.js';

/** Noisy images whose class shows as a bright band of rows; labels go round. */
export function bandImages(count: number, classes: number, shape: ImageShape, seed = 1): LabelledImages {
  const stream = new Stream(seed, 'report-samples');
  const { channels, height, width } = shape;
  const images = new Uint8Array(count * channels * height * width);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const band = Math.max(1, Math.floor(height / classes));
  for (let at = 0; at < images.length; at++) {
    const row = Math.floor(at / width) % height;
    const label = labels[Math.floor(at / (channels * height * width))]!;
    images[at] = stream.integer(100) + (Math.floor(row / band) === label ? 120 : 0);
  }
  return { shape, count, images, labels };
}
