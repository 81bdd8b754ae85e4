/**
 * @file Kernel inducing points (Nguyen, Chen and Lee 2021): the images, and the labels if they are learned, on which
 * kernel ridge regression errs least on real images. The kernel is that of an infinitely wide network.
 */
import type { KipConfig } from '../definition/plan.js';
import { Stream } from '../random/stream.js';
import { adamStep, type Moments } from './adam.js';
import { argmax } from './accuracy.js';
import { pixelsOf, type BatchSource } from './batches.js';
import type { ImageMethod, LearnedImages } from './image-distiller.js';
import type { Interruptible } from './interruptible.js';
import { regressionLoss, ridgeRegression, type Regressed } from './kernel-regression/ridge-regression.js';
import { rowsOf } from './kernel-regression/rows.js';

/** Real images whose kernel is held at one time when accuracy is measured. */
const measuringBatch = 512;

/** Class probabilities less their mean: `1 - 1 / classes` for the class, `-1 / classes` for every other. */
export function centred(targets: Float32Array, classes: number): Float32Array {
  return targets.map((value) => value - 1 / classes);
}

/**
 * @param real training images
 * @param labels what the regression says of each image, where it is not learned; `[images, classes]`
 * @param seed of the run
 */
export function kernelInducingPoints(
  real: BatchSource,
  {
    method,
    labels,
    seed,
  }: { readonly method: KipConfig; readonly labels: Float32Array; readonly seed: number },
): ImageMethod {
  const { classes } = real;
  const pixels = pixelsOf(real.shape);
  return {
    *iterate(iteration, learned) {
      const drawing = new Stream(seed, 'matching-images', iteration);
      const batch = real.batch(drawing.sample(real.count, Math.min(method.batchReal, real.count)));
      const support = regressed(learned.images, learned.labels?.values ?? labels, pixels, classes);
      const measure = regressed(batch.images, centred(batch.targets, classes), pixels, classes);
      yield;
      const { loss, toImages, toTargets } = yield* regressionLoss(method, support, measure);
      const step = iteration + 1;
      adamStep(learned.images, momentsOf(learned), toImages, { lr: method.lrImg, step });
      if (learned.labels)
        adamStep(learned.labels.values, momentsOf(learned.labels), toTargets, {
          lr: method.lrLabels ?? 0,
          step,
        });
      return { loss, gradientNorm: Math.sqrt(toImages.reduce((sum, value) => sum + value * value, 0)) };
    },
  };
}

/**
 * Share of the real images that the regression on `images` takes for what they are.
 *
 * @param labels what it is told of each image, `[images, classes]`
 */
export function* regressionAccuracy(
  real: BatchSource,
  method: KipConfig,
  images: Float32Array,
  labels: Float32Array,
): Interruptible<number> {
  const { classes } = real;
  const pixels = pixelsOf(real.shape);
  const predict = yield* ridgeRegression(method, regressed(images, labels, pixels, classes));
  const all = Uint32Array.from({ length: real.count }, (_, index) => index);
  let right = 0;
  for (let from = 0; from < real.count; from += measuringBatch) {
    const batch = real.batch(all, from, Math.min(from + measuringBatch, real.count));
    const predictions = yield* predict(rowsOf(batch.images, pixels));
    for (let row = 0; row < predictions.length; row += classes)
      if (argmax(predictions, row, classes) === argmax(batch.targets, row, classes)) right++;
    yield;
  }
  return right / real.count;
}

function momentsOf({ velocity, squares }: Pick<LearnedImages, 'velocity' | 'squares'>): Moments {
  if (squares === undefined) throw new RangeError('a state for Adam has the squares of its slopes');
  return { mean: velocity, square: squares };
}

function regressed(images: Float32Array, labels: Float32Array, pixels: number, classes: number): Regressed {
  return { images: rowsOf(images, pixels), targets: rowsOf(labels, classes) };
}
