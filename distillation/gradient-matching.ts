/**
 * @file Gradient matching (Zhao et al. 2021, DC; with siamese augmentation Zhao & Bilen 2021, DSA): the images of
 * each class are moved such that they pull a network where the real ones pull it. Within an iteration one network
 * is followed from its initialisation: its weights are updated on the synthetic images between the comparisons.
 */
import type { GradientMatchingConfig } from '../definition/plan.js';
import { initialiseParameters } from '../networks/initialise.js';
import { Stream } from '../random/stream.js';
import { FloatImages, oneHot } from './batches.js';
import type { ClassImages } from './class-batches.js';
import { gradientDistance } from './gradient-distance.js';
import type { ImageMethod, LearnedImages, MatchedIteration } from './image-distiller.js';
import type { Interruptible } from './interruptible.js';
import { momentumStep } from './momentum.js';
import type { NetworkPrograms, ParameterSet } from './network-programs.js';
import { syntheticLabels } from './synthetic-set.js';
import { initialState, Training } from './training.js';

/** Synthetic images of a step that trains the network. */
const trainingBatch = 256;

export function gradientMatching(
  programs: NetworkPrograms,
  images: ClassImages,
  method: GradientMatchingConfig,
): ImageMethod {
  return {
    *iterate(iteration, learned) {
      const training = networkOf(programs, images, method, iteration, learned);
      try {
        return yield* follow(training, images, method, iteration, learned);
      } finally {
        training.release();
      }
    },
  };
}

/** A fresh network, to be trained on the images as they are at each moment. */
function networkOf(
  programs: NetworkPrograms,
  { real, settings, classes }: ClassImages,
  { lrNet }: GradientMatchingConfig,
  iteration: number,
  learned: LearnedImages,
): Training {
  const { seed, operations, ipc } = settings;
  const labels = oneHot(syntheticLabels(classes, ipc), classes);
  return new Training(
    programs,
    new FloatImages(real.shape, classes, learned.images, labels),
    {
      batchSize: trainingBatch,
      operations,
      shuffle: (epoch) => new Stream(seed, 'matching-shuffle', iteration, epoch),
      augmentation: (epoch, batch) => new Stream(seed, 'matching-training', iteration, epoch, batch),
      sgd: () => ({ lr: lrNet, momentum: 0, weightDecay: 0 }),
      resetsVelocity: () => false,
    },
    initialState(
      initialiseParameters(programs.network, (at) => new Stream(seed, 'matching-network', iteration, at)),
    ),
  );
}

/** The loss is the sum over classes, averaged over the updates. */
function* follow(
  training: Training,
  images: ClassImages,
  { outerLoops, innerEpochs, lrImg, momentum }: GradientMatchingConfig,
  iteration: number,
  learned: LearnedImages,
): Interruptible<MatchedIteration> {
  let loss = 0;
  let gradientNorm = 0;
  for (let update = 0; update < outerLoops; update++) {
    const dX = new Float32Array(learned.images.length);
    for (let label = 0; label < images.classes; label++) {
      const place = { iteration, update, label };
      loss += compare(training.programs, training.parameters, images, learned, place, dX);
      yield;
    }
    gradientNorm = Math.sqrt(dX.reduce((sum, value) => sum + value * value, 0));
    momentumStep(learned.images, learned.velocity, dX, { lr: lrImg, momentum });
    // After the last comparison nobody looks at the network again.
    if (update + 1 === outerLoops) break;
    for (const until = training.epoch + innerEpochs; training.epoch < until;) {
      training.step();
      yield;
    }
  }
  return { loss: loss / outerLoops, gradientNorm };
}

/** The distance of one class; its gradient to the images of the class is written to `dX`. */
function compare(
  programs: NetworkPrograms,
  parameters: ParameterSet,
  images: ClassImages,
  learned: LearnedImages,
  { iteration, update, label }: { iteration: number; update: number; label: number },
  dX: Float32Array,
): number {
  const { real, synthetic, adjoint } = images.batches(learned.images, label, iteration, update);
  const { distance, slope } = gradientDistance(
    programs.network.parameters,
    programs.gradients(parameters, real).parameters,
    programs.gradients(parameters, synthetic).parameters,
  );
  // dD/dx is the derivative of (dD/dg . g) to x, with dD/dg held constant.
  const v = programs.upload(slope);
  try {
    const back = programs.secondOrderStep(parameters, synthetic, v, 0);
    programs.release(back.v);
    images.ofClass(dX, label).set(adjoint(back.images));
  } finally {
    programs.release(v);
  }
  return distance;
}
