/**
 * @file Images that lie in one array, as a split: [n,h,w], [n,h,w,c] or [n,c,h,w], of bytes, integers up to 255,
 * or floats from 0 to 1 or 0 to 255.
 */
import type { ImageShape } from '../networks/spec.js';
import { onlyKept, pixelCount, type ImageSplit } from './split.js';
import { isInteger, readLabels, readRows, rowLength, type StoredArray } from './stored-array.js';
import { wrongFile } from './wrong-file.js';

/** Read at once. */
const batchElements = 4 * 1024 * 1024;

interface Layout {
  readonly shape: ImageShape;
  readonly channelsLast: boolean;
}

/** The pixels' scale: the byte 255 is the value 255 or the value 1. */
export type PixelScale = 1 | 255;

function layoutOf(label: string, shape: readonly number[]): Layout {
  const [, a = 0, b = 0, c = 0] = shape;
  const isChannels = (size: number): boolean => size === 1 || size === 3;
  if (shape.every((size) => size > 0)) {
    if (shape.length === 3) return { shape: { channels: 1, height: a, width: b }, channelsLast: false };
    if (shape.length === 4 && isChannels(c)) {
      return { shape: { channels: c, height: a, width: b }, channelsLast: c > 1 };
    }
    if (shape.length === 4 && isChannels(a)) {
      return { shape: { channels: a, height: b, width: c }, channelsLast: false };
    }
  }
  const expected = 'images of the shape [n,h,w], [n,h,w,c] or [n,c,h,w] with 1 or 3 channels';
  throw wrongFile(label, expected, shape.join(' x '), 'Reshape the array.');
}

/**
 * What the pixels of training images are scaled by.
 * @throws DistilleryError `InvalidDataset` when floats fit neither 0 to 1 nor 0 to 255.
 */
export async function pixelScale(array: StoredArray): Promise<PixelScale> {
  if (isInteger(array)) return 1;
  let highest = 0;
  for await (const { rows } of rowBatches(array)) {
    for (let at = 0; at < rows.length; at += 1) {
      const value = rows[at] ?? 0;
      if (value > highest) highest = value;
    }
  }
  // NaN and whatever is above 255 are found, and named, when the pixels are read.
  return highest <= 1 ? 255 : 1;
}

/**
 * @param scale of `pixelScale` of the training images; test images have the same.
 * @throws DistilleryError `InvalidDataset` when there is not one label for each image.
 */
export async function arraySplit(
  images: StoredArray,
  labelArray: StoredArray,
  scale: PixelScale,
): Promise<ImageSplit> {
  const labels = await readLabels(labelArray);
  const count = images.shape[0] ?? 0;
  if (labels.length !== count) {
    const expected = `${count} labels, one for each image of ${images.label}`;
    throw wrongFile(labelArray.label, expected, String(labels.length));
  }
  const { shape, channelsLast } = layoutOf(images.label, images.shape);
  const nameOf = (index: number): string => `${images.label}: image ${index}`;
  return {
    shape,
    labels,
    nameOf,
    async *batches(keep) {
      for await (const { from, rows } of rowBatches(images)) {
        const bytes = toBytes(rows, scale, (at) => nameOf(from + Math.floor(at / pixelCount(shape))));
        const planar = channelsLast ? toPlanes(bytes, shape) : bytes;
        yield* onlyKept(planar, pixelCount(shape), from, keep);
      }
    },
  };
}

async function* rowBatches(array: StoredArray): AsyncGenerator<{ from: number; rows: ArrayLike<number> }> {
  const count = array.shape[0] ?? 0;
  const step = Math.max(1, Math.floor(batchElements / rowLength(array)));
  for (let from = 0; from < count; from += step) {
    yield { from, rows: await readRows(array, from, Math.min(count, from + step)) };
  }
}

function toBytes(rows: ArrayLike<number>, scale: PixelScale, nameOf: (at: number) => string): Uint8Array {
  if (rows instanceof Uint8Array && scale === 1) return rows;
  return Uint8Array.from(rows, (value, at) => {
    const byte = Math.round(value * scale);
    if (byte >= 0 && byte <= 255) return byte;
    const advice = Number.isFinite(value) ? 'Give the images without normalisation.' : 'Correct the image.';
    throw wrongFile(nameOf(at), `pixels from 0 to ${255 / scale}`, String(value), advice);
  });
}

/** [n,h,w,c] to [n,c,h,w]. */
function toPlanes(bytes: Uint8Array, shape: ImageShape): Uint8Array {
  const size = pixelCount(shape);
  const area = shape.height * shape.width;
  const planes = new Uint8Array(bytes.length);
  for (let image = 0; image < bytes.length; image += size) {
    for (let channel = 0; channel < shape.channels; channel += 1) {
      const target = image + channel * area;
      for (let pixel = 0; pixel < area; pixel += 1) {
        planes[target + pixel] = bytes[image + pixel * shape.channels + channel] ?? 0;
      }
    }
  }
  return planes;
}
