/**
 * A type of stage of your own: images that are the mean of some real images of their class. It is the simplest
 * way to make synthetic images, and so a baseline for all others. Give it to the commands and to the pipeline
 * worker with --stages; docs/plugin.md explains each part.
 */
import { defineStage } from 'distillery';
import * as z from 'zod';

export default defineStage({
  name: 'class-means',
  // Raise it when the same settings give another result.
  version: 1,
  inputs: z.strictObject({
    ipc: z.int().min(1).max(100).default(1).describe('Images per class.'),
    of: z.int().min(1).max(10_000).default(10).describe('Real images that each is the mean of.'),
    lr: z.number().gt(0).default(0.01).describe('Learning rate stored with the images.'),
  }),
  // `images` can be evaluated; numbers can be looked at by conditions and other stages.
  outputs: { result: 'images', contrast: 'number' },

  async run({ ipc, of, lr }, { dataset, random, store, progress, signal }) {
    const { manifest, train } = await dataset();
    const { channels, height, width } = train.shape;
    const plane = height * width;
    const size = channels * plane;
    const images = new Float32Array(manifest.classes * ipc * size);
    const labels = new Int32Array(manifest.classes * ipc);

    for (let label = 0; label < manifest.classes; label += 1) {
      signal.throwIfAborted();
      const members = [...train.labels.keys()].filter((index) => train.labels[index] === label);
      for (let copy = 0; copy < ipc; copy += 1) {
        const image = label * ipc + copy;
        labels[image] = label;
        // Keyed by what it is for: the same seed draws the same images, however often this runs.
        const drawn = random(label, copy).sample(members.length, Math.min(of, members.length));
        for (const position of drawn) {
          const start = members[position] * size;
          for (let pixel = 0; pixel < size; pixel += 1)
            images[image * size + pixel] += train.images[start + pixel] / 255 / drawn.length;
        }
      }
      progress(label + 1, manifest.classes);
    }

    // As networks are trained on them: normalised per channel.
    const normalised = images.map((value, at) => {
      const channel = Math.floor((at % size) / plane);
      return (value - manifest.mean[channel]) / manifest.std[channel];
    });
    const { shape } = train;
    const { mean, std, classNames } = manifest;
    const set = {
      shape,
      images: normalised,
      labels,
      learnedRate: lr,
      mean,
      std,
      classNames,
      iteration: 0,
      ipc,
    };
    return { result: await store.writeImages(set), contrast: spread(images) };
  },
});

/** Standard deviation of all pixels. */
function spread(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
