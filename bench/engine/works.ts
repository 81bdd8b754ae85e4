/**
 * @file The works that are timed: what a user of the published code waits for, with the time we want to need
 * at most, relative to PyTorch on the same machine.
 */
import type { ImageShape } from '../../networks/spec.js';

/** A network as a definition would name it; whether it can be built is asked later. */
export interface NetworkChoice {
  readonly architecture: string;
  readonly [option: string]: unknown;
}

interface Common {
  readonly network: NetworkChoice;
  readonly image: ImageShape;
  readonly classes: number;
  readonly batch: number;
}

/** Steps of plain SGD on one batch; the time is that of a step. */
export interface SgdWork extends Common {
  readonly kind: 'sgd-step';
  readonly lr: number;
  readonly steps: number;
}

/** One epoch of an expert, loading and augmentation included. */
export interface EpochWork extends Common {
  readonly kind: 'expert-epoch';
  readonly lr: number;
  readonly images: number;
  readonly mean: number;
  readonly std: number;
  /** How PyTorch's side makes the matrices of scale and rotation; `each` is as published. */
  readonly matrices: 'each' | 'batch';
}

/** The loss of a match and its gradient to images and learned rate, without augmentation. */
export interface TrajectoryWork extends Common {
  readonly kind: 'trajectory';
  readonly alpha: number;
  /** N. */
  readonly steps: number;
}

/** Training on a synthetic set by the evaluation protocol; the time is scaled to 1000 epochs. */
export interface EvaluationWork extends Common {
  readonly kind: 'evaluation';
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly images: number;
  /** Epochs really trained, by both sides. */
  readonly epochs: number;
  readonly matrices: 'each' | 'batch';
}

export type Work = SgdWork | EpochWork | TrajectoryWork | EvaluationWork;

export interface BenchCase {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  readonly work: Work;
  /** Ours in units of PyTorch's time; at most. */
  readonly timeTarget?: number;
  /** Ours in units of PyTorch's peak memory; at most. */
  readonly memoryTarget?: number;
  /** PyTorch is left out. */
  readonly oursOnly?: true;
  /** Multiplies the tolerances: rounding grows with the depth of a network. Default 1. */
  readonly toleranceFactor?: number;
  /** What the time of one repetition is multiplied by. */
  readonly scale: number;
  readonly note?: string;
}

const grey: ImageShape = { channels: 1, height: 28, width: 28 };
const colour: ImageShape = { channels: 3, height: 32, width: 32 };
const classes = 10;

/** The reference network of a width, with the options of the published runs. */
export function convNet(width: number, depth = 3): NetworkChoice {
  return { architecture: 'ConvNet', depth, width, norm: 'instance', pool: 'avg', act: 'relu' };
}

/** Sizes that a look at whether everything works need not pay for. */
export interface Sizes {
  readonly stepsOfSgd: number;
  readonly imagesOfEpoch: number;
  readonly epochsOfEvaluation: number;
  readonly longMatch: number;
}

export const fullSizes: Sizes = {
  stepsOfSgd: 5,
  imagesOfEpoch: 24 * 256,
  epochsOfEvaluation: 24,
  longMatch: 50,
};
export const quickSizes: Sizes = {
  stepsOfSgd: 2,
  imagesOfEpoch: 6 * 256,
  epochsOfEvaluation: 6,
  longMatch: 20,
};

/** All cases, in the order in which they are run. */
export function benchCases(sizes: Sizes): BenchCase[] {
  const { longMatch } = sizes;
  const unrolled = { timeTarget: 1, memoryTarget: 0.6 };
  return [
    sgdCase('sgd-w128', 'SGD step, ConvNet W128, 3x32x32, batch 256', convNet(128), colour, 256, 1, sizes),
    sgdCase('sgd-w64', 'SGD step, ConvNet W64, 1x28x28, batch 256', convNet(64), grey, 256, 1, sizes),
    sgdCase('sgd-w32', 'SGD step, ConvNet W32, 1x28x28, batch 256', convNet(32), grey, 256, 1, sizes),
    epochCase(32, 'each', sizes),
    epochCase(64, 'each', sizes),
    epochCase(64, 'batch', sizes),
    trajectoryCase(10, unrolled),
    trajectoryCase(longMatch, { oursOnly: true }),
    evaluationCase(10, sizes),
    evaluationCase(100, sizes),
    {
      ...sgdCase(
        'sgd-resnet18',
        'SGD step, ResNet18, 3x32x32, batch 128',
        { architecture: 'ResNet18', norm: 'instance' },
        colour,
        128,
        1.2,
        { ...sizes, stepsOfSgd: 1 },
      ),
      toleranceFactor: 20,
    },
  ];
}

function sgdCase(
  name: string,
  title: string,
  network: NetworkChoice,
  image: ImageShape,
  batch: number,
  timeTarget: number,
  { stepsOfSgd: steps }: Sizes,
): BenchCase {
  const work: SgdWork = { kind: 'sgd-step', network, image, classes, batch, lr: 0.01, steps };
  return { name, title, timeTarget, scale: 1 / steps, work };
}

function epochCase(width: number, matrices: EpochWork['matrices'], { imagesOfEpoch }: Sizes): BenchCase {
  const name = matrices === 'each' ? `epoch-w${width}` : `epoch-w${width}-batched`;
  return {
    name,
    title: `expert epoch with DSA, W${width}, 1x28x28, ${imagesOfEpoch} images`,
    ...(matrices === 'each'
      ? { timeTarget: 0.6 }
      : {
          note: 'PyTorch with affine matrices made for the whole batch at once, which the published code does not do',
        }),
    scale: 1,
    work: {
      kind: 'expert-epoch',
      network: convNet(width),
      image: grey,
      classes,
      batch: 256,
      lr: 0.01,
      images: imagesOfEpoch,
      mean: 0.2861,
      std: 0.353,
      matrices,
    },
  };
}

function trajectoryCase(
  steps: number,
  options: Pick<BenchCase, 'timeTarget' | 'memoryTarget' | 'oursOnly'>,
): BenchCase {
  return {
    name: `match-n${steps}`,
    title: `trajectory gradient, N=${steps}, W64, 1x28x28, batch 100`,
    ...options,
    scale: 1,
    work: {
      kind: 'trajectory',
      network: convNet(64),
      image: grey,
      classes,
      batch: 100,
      alpha: 0.01,
      steps,
    },
  };
}

function evaluationCase(images: number, { epochsOfEvaluation: epochs }: Sizes): BenchCase {
  return {
    name: `evaluation-${images}`,
    title: `evaluation training, W128, 1x28x28, ${images} images, 1000 epochs`,
    timeTarget: 0.8,
    scale: 1000 / epochs,
    note: `${epochs} epochs measured on both sides and scaled to 1000`,
    work: {
      kind: 'evaluation',
      network: convNet(128),
      image: grey,
      classes,
      batch: 256,
      lr: 0.01,
      momentum: 0.9,
      weightDecay: 5e-4,
      images,
      epochs,
      matrices: 'each',
    },
  };
}
