/**
 * @file Dataset distillation as first proposed (Wang et al. 2018): a random network takes a few steps on the
 * synthetic images, and its loss on real images is differentiated through these steps to the images and to the
 * learning rate.
 */
import type { DdConfig, DsaOperation } from '../definition/plan.js';
import { initialiseParameters } from '../networks/initialise.js';
import { Stream } from '../random/stream.js';
import { FloatImages, type BatchSource } from './batches.js';
import type { ImageMethod } from './image-distiller.js';
import { momentumStep } from './momentum.js';
import type { NetworkPrograms, ParameterSet } from './network-programs.js';
import { studentSteps } from './student-steps.js';
import { unrollInSteps, type End } from './unroll.js';

export interface UnrolledSettings {
  readonly method: DdConfig;
  readonly operations: readonly DsaOperation[];
  /** One-hot, `[images, classes]`. */
  readonly targets: Float32Array;
  /** Seed of the run. */
  readonly seed: number;
}

/** @param real training images */
export function unrolledLoss(
  programs: NetworkPrograms,
  real: BatchSource,
  { method, operations, targets, seed }: UnrolledSettings,
): ImageMethod {
  const { momentum, lrImg, lrLr, lrFloor, batchReal } = method;
  return {
    *iterate(iteration, learned) {
      const { shape, classes } = real;
      const synthetic = new FloatImages(shape, classes, learned.images, targets);
      const drawing = new Stream(seed, 'matching-images', iteration);
      const batch = real.batch(drawing.sample(real.count, Math.min(batchReal, real.count)));
      const theta0 = initialiseParameters(
        programs.network,
        (at) => new Stream(seed, 'matching-network', iteration, at),
      );
      const steps = studentSteps({ ...method, operations, seed }, iteration, synthetic.count, shape);
      const measure = (parameters: ParameterSet): End => {
        const { loss, parameters: slopes } = programs.gradients(parameters, batch);
        return { loss, slope: concatenated(slopes) };
      };
      const student = { programs, theta0, synthetic, steps, alpha: learned.alpha };
      const { loss, dX, dAlpha } = yield* unrollInSteps(student, measure);
      momentumStep(learned.images, learned.velocity, dX, { lr: lrImg, momentum });
      learned.alphaVelocity = momentum * learned.alphaVelocity + dAlpha;
      learned.alpha = Math.max(learned.alpha - lrLr * learned.alphaVelocity, lrFloor);
      return { loss, gradientNorm: Math.sqrt(dX.reduce((sum, value) => sum + value * value, 0)) };
    },
  };
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
