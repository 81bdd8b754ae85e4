/**
 * @file The steps of a distillation's iterations, by method; those of its candidates are not among them.
 */
import type { Augmentation, DdConfig, DistillConfig, GradientMatchingConfig, KipConfig } from './plan.js';
import type { NetworkSpec } from '../networks/spec.js';
import type { Steps } from './stage-work.js';

/** Synthetic images of a step that trains the network of gradient matching. */
const trainingBatch = 256;

/** What an image batch of one class or of all is made of. */
interface Counts {
  readonly network: NetworkSpec;
  readonly classes: number;
  /** Real images of each class. */
  readonly realPerClass: number;
  /** Values of an image. */
  readonly pixels: number;
  /** Images that the methods without a network are measured on, and how often. */
  readonly measured: { readonly images: number; readonly times: number };
}

interface MatchingWork {
  readonly steps: Steps[];
  readonly parameterSets: number;
  /** What is done in float64 beside the device, in all iterations. */
  readonly host?: { readonly flops: number; readonly bytes: number };
}

export function matchingWork(config: DistillConfig, counts: Counts): MatchingWork {
  const { method } = config;
  switch (method.name) {
    case 'mtt':
      return {
        steps: studentWork(config, method, counts, config.iterations * (method.expertsPerStep ?? 1)),
        parameterSets: method.synSteps + 4,
      };
    case 'dd':
      return {
        steps: [
          ...studentWork(config, method, counts, config.iterations),
          {
            network: counts.network,
            kind: 'plain-sgd',
            batch: Math.min(method.batchReal, counts.realPerClass * counts.classes),
            count: config.iterations,
            augmented: 0,
          },
        ],
        parameterSets: method.synSteps + 4,
      };
    case 'dm':
      return { steps: featureSteps(config, counts), parameterSets: 2 };
    case 'kip':
      return { steps: [], parameterSets: 0, host: kernelWork(config, method, counts) };
    case 'dc':
    case 'dsa':
      return { steps: gradientSteps(config, method, counts), parameterSets: 5 };
  }
}

/** A student forth and back, so many times. */
function studentWork(
  { ipc, augmentation }: DistillConfig,
  { synSteps, batchSyn }: Pick<DdConfig, 'synSteps' | 'batchSyn'>,
  { network, classes }: Counts,
  times: number,
): Steps[] {
  const images = ipc * classes;
  const augmented = timesAugmented(augmentation);
  const sizes = studentBatches(synSteps, images, Math.min(batchSyn ?? images, images));
  return [...sizes].flatMap(([batch, count]): Steps[] => [
    { network, kind: 'plain-sgd', batch, count: count * times, augmented },
    // Augmented once more for the step back, whose gradient goes through the adjoint.
    { network, kind: 'second-order', batch, count: count * times, augmented: 2 * augmented },
  ]);
}

/** A look at real images; forth and back on synthetic ones, which costs about what a step of SGD does. */
function featureSteps({ method, ipc, iterations, augmentation }: DistillConfig, counts: Counts): Steps[] {
  if (method.name !== 'dm') return [];
  const { network, classes, realPerClass } = counts;
  const augmented = timesAugmented(augmentation);
  const count = iterations * classes;
  return [
    { network, kind: 'logits', batch: Math.min(method.batchReal, realPerClass), count, augmented },
    { network, kind: 'plain-sgd', batch: ipc, count, augmented: 2 * augmented },
  ];
}

/** Of a kernel of two images, with its slopes. */
const flopsOfPair = 100;

/** Products between images and back, the kernel of each pair, and a linear system. */
function kernelWork(
  { ipc, iterations }: DistillConfig,
  { batchReal, depth }: KipConfig,
  { classes, realPerClass, pixels, measured }: Counts,
): NonNullable<MatchingWork['host']> {
  const support = ipc * classes;
  const real = Math.min(batchReal, realPerClass * classes);
  const pairs = support * (support + real);
  const iteration = pairs * (4 * pixels + flopsOfPair * depth) + (2 / 3) * support ** 3;
  const measuring = support * measured.images * (2 * pixels + flopsOfPair * depth);
  return {
    flops: iterations * iteration + measured.times * measuring,
    bytes: 8 * (5 * pairs + pixels * (real + 2 * support)),
  };
}

function gradientSteps(
  { ipc, iterations, augmentation }: DistillConfig,
  { name, batchReal, outerLoops, innerEpochs }: GradientMatchingConfig,
  { network, classes, realPerClass }: Counts,
): Steps[] {
  const augmented = name === 'dc' ? 0 : timesAugmented(augmentation);
  const count = iterations * outerLoops * classes;
  const images = ipc * classes;
  const batch = Math.min(trainingBatch, images);
  const epochs = iterations * (outerLoops - 1) * innerEpochs;
  const training = {
    network,
    kind: 'plain-sgd',
    batch,
    count: epochs * Math.ceil(images / batch),
    augmented,
  };
  return [
    { network, kind: 'plain-sgd', batch: Math.min(batchReal, realPerClass), count, augmented },
    { network, kind: 'plain-sgd', batch: ipc, count, augmented },
    { network, kind: 'second-order', batch: ipc, count, augmented },
    ...(training.count > 0 ? [training as Steps] : []),
  ];
}

export function timesAugmented(augmentation: Augmentation): 0 | 1 {
  return augmentation === 'none' || augmentation.length === 0 ? 0 : 1;
}

/** How many student steps of one iteration take a batch of which size. */
function studentBatches(steps: number, images: number, batchSyn: number): Map<number, number> {
  const perPass = Math.ceil(images / batchSyn);
  const sizes = new Map<number, number>();
  for (let step = 0; step < steps; step++) {
    const from = (step % perPass) * batchSyn;
    const size = Math.min(batchSyn, images - from);
    sizes.set(size, (sizes.get(size) ?? 0) + 1);
  }
  return sizes;
}
