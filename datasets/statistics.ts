/**
 * @file Mean and standard deviation of pixels, exactly, from counts of the 256 values.
 */
import { DistilleryError } from '../errors/errors.js';
import type { LabelledImages } from './dataset.js';

/**
 * Per channel, of pixels in [0,1], over all images; the population standard deviation.
 * @throws DistilleryError `InvalidDataset` when a channel has only one value and so cannot be normalised.
 */
export function pixelStatistics({ shape, count, images }: LabelledImages): { mean: number[]; std: number[] } {
  const area = shape.height * shape.width;
  const mean: number[] = [];
  const std: number[] = [];
  for (let channel = 0; channel < shape.channels; channel += 1) {
    const counts = new Float64Array(256);
    for (let image = 0; image < count; image += 1) {
      const begin = (image * shape.channels + channel) * area;
      for (let i = begin; i < begin + area; i += 1) {
        const value = images[i] ?? 0;
        counts[value] = (counts[value] ?? 0) + 1;
      }
    }
    const total = count * area;
    const average = counts.reduce((sum, times, value) => sum + times * value, 0) / total;
    const variance = counts.reduce((sum, times, value) => sum + times * (value - average) ** 2, 0) / total;
    if (!(variance > 0)) {
      throw new DistilleryError(
        'InvalidDataset',
        `Channel ${channel} of the training images has the value ${average} everywhere. Check the images.`,
      );
    }
    mean.push(average / 255);
    std.push(Math.sqrt(variance) / 255);
  }
  return { mean, std };
}
