/**
 * @file Mean and standard deviation of pixels, exactly, from counts of the 256 values.
 */
import { DistilleryError } from '../errors/errors.js';
import type { ImageShape } from '../networks/spec.js';
import { pixelCount } from './split.js';

/** Counts the pixels of as many batches as there are. */
export class PixelStatistics {
  readonly #counts: readonly Float64Array[];
  readonly #shape: ImageShape;

  constructor(shape: ImageShape) {
    this.#shape = shape;
    this.#counts = Array.from({ length: shape.channels }, () => new Float64Array(256));
  }

  /** @param images [n,c,h,w] */
  add(images: Uint8Array): void {
    const area = this.#shape.height * this.#shape.width;
    for (let begin = 0; begin < images.length; begin += pixelCount(this.#shape)) {
      this.#counts.forEach((counts, channel) => {
        const plane = begin + channel * area;
        for (let i = plane; i < plane + area; i += 1) {
          const value = images[i] ?? 0;
          counts[value] = (counts[value] ?? 0) + 1;
        }
      });
    }
  }

  /**
   * Per channel, of pixels in [0,1]; the population standard deviation.
   * @throws DistilleryError `InvalidDataset` when a channel has only one value and so cannot be normalised.
   */
  result(): { mean: number[]; std: number[] } {
    const mean: number[] = [];
    const std: number[] = [];
    this.#counts.forEach((counts, channel) => {
      const total = counts.reduce((sum, times) => sum + times, 0);
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
    });
    return { mean, std };
  }
}
