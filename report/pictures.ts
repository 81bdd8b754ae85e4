/**
 * @file From the numbers a network trains on to pictures that people look at.
 *
 * Display rule: a pixel is denormalised, `x * std + mean`, to the scale on which real images fill [0, 1].
 * Distilled pixels leave that range. Each picture shows the range from `min(0, 1st percentile)` to
 * `max(1, 99th percentile)` of its own values, over all channels, and clips what lies beyond. So real
 * images look as they are, contrast is never raised, and no outlier turns the rest grey.
 */
import type { DistilledSet } from '../artifacts/result-folder.js';
import type { ImageShape } from '../networks/spec.js';
import type { Raster } from './png.js';

/** The part of the denormalised scale that a picture shows as black to white. */
export interface DisplayRange {
  readonly low: number;
  readonly high: number;
}

/** One normalised image, [c,h,w], to the scale on which real images fill [0, 1]. */
export function denormalise(
  image: Float32Array,
  { shape, mean, std }: Pick<DistilledSet, 'shape' | 'mean' | 'std'>,
): Float32Array {
  const plane = shape.height * shape.width;
  return image.map((value, index) => {
    const channel = Math.floor(index / plane);
    return value * (std[channel] ?? 1) + (mean[channel] ?? 0);
  });
}

/** See the display rule above. */
export function displayRange(image: Float32Array): DisplayRange {
  const sorted = image.filter((value) => Number.isFinite(value)).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return { low: Math.min(0, at(0.01)), high: Math.max(1, at(0.99)) };
}

/** A denormalised image, [c,h,w], as pixels. One channel is grey, three are colour; of others the first. */
export function toRaster(image: Float32Array, shape: ImageShape, range: DisplayRange): Raster {
  const { width, height } = shape;
  const channels = shape.channels === 3 ? 3 : 1;
  const plane = width * height;
  const pixels = new Uint8Array(plane * channels);
  for (let position = 0; position < plane; position += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      const value = image[channel * plane + position] ?? 0;
      pixels[position * channels + channel] = toByte((value - range.low) / (range.high - range.low));
    }
  }
  return { width, height, channels, pixels };
}

/** A stored image, [c,h,w] bytes, as pixels, unchanged. */
export function rasterOfBytes(image: Uint8Array, shape: ImageShape): Raster {
  return toRaster(Float32Array.from(image), shape, { low: 0, high: 255 });
}

function toByte(share: number): number {
  // NaN becomes black.
  return share > 0 ? Math.min(255, Math.round(share * 255)) : 0;
}
