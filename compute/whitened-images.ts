/**
 * @file Whitened images: floats in memory, or in a file where there are too many. They are made anew by every
 * process, because that takes less time than to fetch four times the bytes of the images.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageSource } from '../datasets/dataset.js';
import { FloatImages, oneHot, pixelsOf, type BatchSource } from '../distillation/batches.js';
import { DistilleryError } from '../errors/errors.js';

/** Images to train on, which are there until they are closed. */
export interface WhitenedImages extends BatchSource {
  readonly close: () => void;
}

/** @param parts the whitened images in order */
export function whitenedInMemory(
  { shape, count, labels }: ImageSource,
  classes: number,
  parts: Iterable<Float32Array>,
): WhitenedImages {
  const images = new Float32Array(count * pixelsOf(shape));
  let offset = 0;
  for (const part of parts) {
    images.set(part, offset);
    offset += part.length;
  }
  const source = new FloatImages(shape, classes, images, oneHot(labels, classes));
  return Object.assign(source, { close: () => undefined });
}

/**
 * @param parts the whitened images in order
 * @param folder where the file is; it goes with the process
 * @throws DistilleryError `NoSpace` when the disk is full
 */
export function whitenedOnDisk(
  { shape, count, labels }: ImageSource,
  classes: number,
  parts: Iterable<Float32Array>,
  folder: string,
): WhitenedImages {
  const file = writeNameless(folder, parts);
  const size = pixelsOf(shape);
  return {
    shape,
    count,
    classes,
    batch(indices, from = 0, to = indices.length) {
      const images = new Float32Array((to - from) * size);
      const chosen = indices.subarray(from, to);
      chosen.forEach((index, i) => {
        readWhole(file, images.subarray(i * size, (i + 1) * size), index * size * images.BYTES_PER_ELEMENT);
      });
      const targets = oneHot(
        Int32Array.from(chosen, (index) => labels[index] ?? -1),
        classes,
      );
      return { images, count: chosen.length, targets };
    },
    close: () => closeSync(file),
  };
}

/** A file without a name is gone as soon as nobody reads it. */
function writeNameless(folder: string, parts: Iterable<Float32Array>): number {
  const path = join(folder, `whitened-${randomUUID()}.partial`);
  mkdirSync(folder, { recursive: true });
  const file = openSync(path, 'wx+');
  rmSync(path);
  try {
    for (const part of parts) {
      const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    }
  } catch (error) {
    closeSync(file);
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOSPC') throw error;
    throw new DistilleryError(
      'NoSpace',
      `The whitened images do not fit on the disk of ${folder}: set DISTILLERY_DATASET_CACHE to a folder with more room.`,
    );
  }
  return file;
}

function readWhole(file: number, into: Float32Array, position: number): void {
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  for (let at = 0; at < bytes.length;) {
    const read = readSync(file, bytes, at, bytes.length - at, position + at);
    if (read === 0) throw new RangeError('a file of whitened images is shorter than it was written');
    at += read;
  }
}
