/** @file Types of stages of this project. */
import { defineStage, images, valueOr } from 'distillery';
import * as z from 'zod';

/** One real image of each class. */
export const firstImages = defineStage({
  name: 'first-images',
  inputs: z.strictObject({ lr: z.number().gt(0).default(0.05) }),
  outputs: { result: 'images', brightest: 'number' },
  async run({ lr }, { dataset, store, progress }) {
    const { manifest, train } = await dataset();
    const { classes, mean, std, classNames } = manifest;
    const size = train.images.length / train.count;
    const pixels = [];
    for (let label = 0; label < classes; label += 1) {
      const at = train.labels.indexOf(label) * size;
      pixels.push(...train.images.subarray(at, at + size));
      progress(label + 1, classes);
    }
    const result = await store.writeImages({
      shape: train.shape,
      images: Float32Array.from(pixels, (byte) => (byte / 255 - mean[0]) / std[0]),
      labels: Int32Array.from({ length: classes }, (_, label) => label),
      learnedRate: lr,
      mean,
      std,
      classNames,
      iteration: 0,
      ipc: 1,
    });
    return { result, brightest: Math.max(...pixels) };
  },
});

/** Darker copies of images; by how much may be what another stage found. */
export const darker = defineStage({
  name: 'darker',
  inputs: z.strictObject({ images: images(), to: valueOr(z.number().min(1).max(255)) }),
  outputs: { result: 'images' },
  async run({ images: given, to }, { store }) {
    const set = await store.readImages(given);
    return { result: await store.writeImages({ ...set, images: set.images.map((x) => (x * to) / 255) }) };
  },
});
