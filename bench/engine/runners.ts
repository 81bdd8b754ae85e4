/**
 * @file distillery's side of each work, through the same code that the tasks of a run go through.
 */
import { tensorOf, type Safetensors } from '../../artifacts/safetensors.js';
import { imagesInMemory } from '../../datasets/image-source.js';
import { FloatImages, NormalisedImages, oneHot } from '../../distillation/batches.js';
import { EvaluationTraining } from '../../distillation/evaluation.js';
import { ExpertTraining } from '../../distillation/expert.js';
import { matchTrajectory } from '../../distillation/matching.js';
import type { Batch, NetworkPrograms, ParameterSet } from '../../distillation/network-programs.js';
import { initialState } from '../../distillation/training.js';
import { operations } from './inputs.js';
import type { EpochWork, EvaluationWork, SgdWork, TrajectoryWork, Work } from './works.js';

/** Float values by name, for comparison. */
export type Numbers = Readonly<Record<string, ArrayLike<number>>>;

export interface Runner {
  /** Does the work once, to be timed. */
  run(): void;
  /** Does it, or the beginning of it, and keeps the numbers. */
  check(): Numbers;
}

export function runnerOf(work: Work, programs: NetworkPrograms, inputs: Safetensors): Runner {
  switch (work.kind) {
    case 'sgd-step':
      return sgdRunner(work, programs, inputs);
    case 'expert-epoch':
      return epochRunner(work, programs, inputs);
    case 'trajectory':
      return trajectoryRunner(work, programs, inputs);
    case 'evaluation':
      return evaluationRunner(work, programs, inputs);
  }
}

function sgdRunner(
  { lr, steps, batch: count, classes }: SgdWork,
  programs: NetworkPrograms,
  inputs: Safetensors,
): Runner {
  const batch: Batch = {
    count,
    images: tensorOf(inputs, 'images', 'F32').data,
    targets: oneHot(labelsOf(inputs), classes),
  };
  const train = (amount: number): number[] => {
    let parameters: ParameterSet = programs.upload(parametersOf(inputs));
    const losses: number[] = [];
    for (let step = 0; step < amount; step++) {
      const next = programs.sgdStep(parameters, undefined, batch, { lr, momentum: 0, weightDecay: 0 });
      programs.release(parameters);
      parameters = next.parameters;
      losses.push(next.loss);
    }
    programs.release(parameters);
    return losses;
  };
  return {
    run: () => void train(steps),
    check() {
      const parameters = programs.upload(parametersOf(inputs));
      const { parameters: slopes } = programs.gradients(parameters, batch);
      programs.release(parameters);
      return { losses: train(3), gradient: slopes.flatMap((slope) => [...slope]) };
    },
  };
}

function epochRunner(work: EpochWork, programs: NetworkPrograms, inputs: Safetensors): Runner {
  const { lr, batch: batchSize, classes, image, images: count } = work;
  const bytes = {
    shape: image,
    count,
    images: tensorOf(inputs, 'images', 'U8').data,
    labels: labelsOf(inputs),
  };
  const images = new NormalisedImages(imagesInMemory(bytes), classes, { mean: [work.mean], std: [work.std] });
  const settings = {
    lr,
    momentum: 0,
    weightDecay: 0,
    batchSize,
    operations,
    seed: tensorOf(inputs, 'seed', 'F64').data[0] ?? 0,
    index: 0,
  };
  const epoch = (): { losses: number[]; snapshot: Float32Array } => {
    const training = new ExpertTraining(programs, images, settings, initialState(parametersOf(inputs)));
    const losses: number[] = [];
    while (training.epoch < 1) losses.push(training.step().loss);
    const snapshot = training.snapshot();
    training.release();
    return { losses, snapshot };
  };
  return {
    run: () => void epoch(),
    check() {
      const { losses, snapshot } = epoch();
      const start = parametersOf(inputs);
      return { losses, moved: snapshot.map((value, i) => value - (start[i] ?? 0)) };
    },
  };
}

function trajectoryRunner(work: TrajectoryWork, programs: NetworkPrograms, inputs: Safetensors): Runner {
  const { alpha, classes, image, batch, steps } = work;
  const images = tensorOf(inputs, 'images', 'F32').data;
  const synthetic = new FloatImages(image, classes, images, oneHot(labelsOf(inputs), classes));
  const indices = Uint32Array.from({ length: batch }, (_, i) => i);
  const target = tensorOf(inputs, 'target', 'F32').data;
  const match = (amount: number) =>
    matchTrajectory({
      programs,
      theta0: parametersOf(inputs),
      target,
      synthetic,
      steps: Array.from({ length: amount }, () => ({ indices, augmentation: undefined })),
      alpha,
    });
  return {
    run: () => void match(steps),
    check: () =>
      Object.fromEntries(
        [1, steps].flatMap((amount): [string, ArrayLike<number>][] => {
          const { loss, studentLosses, dX, dAlpha } = match(amount);
          return [
            [`loss.${amount}`, [loss]],
            [`student.${amount}`, studentLosses],
            [`images.${amount}`, dX],
            [`alpha.${amount}`, [dAlpha]],
          ];
        }),
      ),
  };
}

function evaluationRunner(work: EvaluationWork, programs: NetworkPrograms, inputs: Safetensors): Runner {
  const { classes, image, batch: batchSize } = work;
  const images = tensorOf(inputs, 'images', 'F32').data;
  const set = new FloatImages(image, classes, images, oneHot(labelsOf(inputs), classes));
  const train = (epochs: number): number[] => {
    const settings = { ...work, batchSize, operations, seed: 1, split: 'test', run: 0 } as const;
    const training = new EvaluationTraining(programs, set, settings, initialState(parametersOf(inputs)));
    const losses: number[] = [];
    while (training.epoch < epochs) losses.push(training.step().loss);
    training.release();
    return losses;
  };
  return {
    run: () => void train(work.epochs),
    check: () => ({ losses: train(tensorOf(inputs, 'order', 'I64').shape[0] ?? 0) }),
  };
}

function parametersOf(inputs: Safetensors): Float32Array {
  return tensorOf(inputs, 'parameters', 'F32').data;
}

function labelsOf(inputs: Safetensors): Int32Array {
  return Int32Array.from(tensorOf(inputs, 'labels', 'I64').data, Number);
}
