/**
 * @file Distribution matching (Zhao & Bilen 2023): the images of each class are moved such that a random network
 * sees them, on average, where it sees the real ones.
 */
import type { DmConfig } from '../definition/plan.js';
import { initialiseParameters } from '../networks/initialise.js';
import { Stream } from '../random/stream.js';
import type { ClassImages } from './class-batches.js';
import type { ImageMethod, LearnedImages } from './image-distiller.js';
import type { Interruptible } from './interruptible.js';
import { momentumStep } from './momentum.js';
import type { NetworkPrograms } from './network-programs.js';

/** `sum over classes |mean features of the real batch - mean features of the synthetic images|^2` */
export function distributionMatching(
  programs: NetworkPrograms,
  images: ClassImages,
  method: DmConfig,
): ImageMethod {
  return {
    *iterate(iteration, learned) {
      const { loss, dX } = yield* match(programs, images, learned, iteration);
      const gradientNorm = Math.sqrt(dX.reduce((sum, value) => sum + value * value, 0));
      momentumStep(learned.images, learned.velocity, dX, { lr: method.lrImg, momentum: method.momentum });
      return { loss, gradientNorm };
    },
  };
}

function* match(
  programs: NetworkPrograms,
  images: ClassImages,
  learned: LearnedImages,
  iteration: number,
): Interruptible<{ loss: number; dX: Float32Array }> {
  const { seed } = images.settings;
  const parameters = programs.upload(
    initialiseParameters(programs.network, (at) => new Stream(seed, 'matching-network', iteration, at)),
  );
  try {
    const dX = new Float32Array(learned.images.length);
    let loss = 0;
    for (let label = 0; label < images.classes; label++) {
      const { real, synthetic, adjoint } = images.batches(learned.images, label, iteration, 0);
      const point = meanRow(programs.features.of(parameters, real.images, real.count), real.count);
      const found = programs.features.distance(parameters, synthetic.images, synthetic.count, point);
      loss += found.distance;
      images.ofClass(dX, label).set(adjoint(found.images));
      yield;
    }
    return { loss, dX };
  } finally {
    programs.release(parameters);
  }
}

/** Mean of the rows, summed in float64. */
function meanRow(values: Float32Array, rows: number): Float32Array {
  const size = values.length / rows;
  const sums = new Float64Array(size);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < size; i++) sums[i] = (sums[i] ?? 0) + (values[row * size + i] ?? 0);
  return Float32Array.from(sums, (sum) => sum / rows);
}
