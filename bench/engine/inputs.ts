/**
 * @file What both sides of a comparison are given: initial weights, images, labels and every random draw, from
 * distillery's own streams, as tensors that any language reads.
 */
import type { NamedTensor } from '../../artifacts/safetensors.js';
import type { DsaOperation } from '../../definition/plan.js';
import { drawAugmentation, resolveAugmentation } from '../../distillation/augmentation/strategy.js';
import { pixelsOf } from '../../distillation/batches.js';
import { initialEvaluation } from '../../distillation/evaluation.js';
import { initialExpert } from '../../distillation/expert.js';
import type { Network } from '../../networks/network.js';
import { Stream } from '../../random/stream.js';
import type { EpochWork, EvaluationWork, SgdWork, TrajectoryWork, Work } from './works.js';

/** The operations of DSA, in the order of the numbers in `operations`. */
export const operations: readonly DsaOperation[] = resolveAugmentation('dsa', true);

/** Epochs of an evaluation whose numbers are compared. */
const checkedEpochs = 2;

const split = 'test';
const run = 0;
const index = 0;

/** Tensors by name; which there are depends on the kind of work. */
export type WorkInputs = ReadonlyMap<string, NamedTensor>;

/** The same work and network give the same bytes. */
export function workInputs(work: Work, network: Network): WorkInputs {
  switch (work.kind) {
    case 'sgd-step':
      return stepInputs(work, network);
    case 'expert-epoch':
      return epochInputs(work, network);
    case 'trajectory':
      return trajectoryInputs(work, network);
    case 'evaluation':
      return evaluationInputs(work, network);
  }
}

function stepInputs(work: SgdWork, network: Network): WorkInputs {
  return new Map([
    ['parameters', parameters(initialExpert(network, { seed: 1, index }).parameters)],
    ['images', floatImages(work, work.batch)],
    ['labels', labels(work.batch, work.classes)],
  ]);
}

function trajectoryInputs(work: TrajectoryWork, network: Network): WorkInputs {
  const start = initialExpert(network, { seed: 1, index }).parameters;
  const stream = new Stream(1, 'trajectory-choice', 0);
  const target = start.map((value) => value + 0.02 * (stream.uniform() - 0.5));
  return new Map([
    ['parameters', parameters(start)],
    ['target', parameters(target)],
    ['images', floatImages(work, work.batch)],
    ['labels', labels(work.batch, work.classes)],
  ]);
}

function epochInputs(work: EpochWork, network: Network): WorkInputs {
  const batches = Math.ceil(work.images / work.batch);
  const seed = balancedSeed(batches);
  return new Map<string, NamedTensor>([
    ['parameters', parameters(initialExpert(network, { seed, index }).parameters)],
    ['seed', { dtype: 'F64', shape: [1], data: Float64Array.of(seed) }],
    ['images', byteImages(work, work.images)],
    ['labels', labels(work.images, work.classes)],
    ...randomness(
      work,
      1,
      (epoch) => new Stream(seed, 'expert-shuffle', index, epoch),
      (epoch, batch) => {
        return new Stream(seed, 'expert-augmentation', index, epoch, batch);
      },
    ),
  ]);
}

function evaluationInputs(work: EvaluationWork, network: Network): WorkInputs {
  const seed = 1;
  return new Map<string, NamedTensor>([
    ['parameters', parameters(initialEvaluation(network, { seed, split, run }).parameters)],
    ['images', floatImages(work, work.images)],
    ['labels', labels(work.images, work.classes)],
    ...randomness(
      work,
      checkedEpochs,
      (epoch) => new Stream(seed, 'evaluation-shuffle', 2 * run, epoch),
      (epoch, batch) => new Stream(seed, 'evaluation-augmentation', 2 * run, epoch, batch),
    ),
  ]);
}

/** The orders of some epochs, and the operation and its parameters for each of their batches. */
function randomness(
  { images, batch: size, image }: EpochWork | EvaluationWork,
  epochs: number,
  shuffle: (epoch: number) => Stream,
  augmentation: (epoch: number, batch: number) => Stream,
): [string, NamedTensor][] {
  const perEpoch = Math.ceil(images / size);
  const order = new BigInt64Array(epochs * images);
  const drawn = new Int32Array(epochs * perEpoch);
  const draws: [string, NamedTensor][] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    order.set(Array.from(shuffle(epoch).permutation(images), BigInt), epoch * images);
    for (let batch = 0; batch < perEpoch; batch++) {
      const at = epoch * perEpoch + batch;
      const count = Math.min(size, images - batch * size);
      const augmentedBy = drawAugmentation(operations, augmentation(epoch, batch), count, image);
      drawn[at] = augmentedBy === undefined ? 0 : operations.indexOf(augmentedBy.operation);
      augmentedBy?.draws.forEach((data, row) => {
        draws.push([`draws.${at}.${row}`, { dtype: 'F64', shape: [count], data }]);
      });
    }
  }
  return [
    ['order', { dtype: 'I64', shape: [epochs, images], data: order }],
    ['operations', { dtype: 'I32', shape: [drawn.length], data: drawn }],
    ...draws,
  ];
}

/**
 * The first seed whose first epoch draws every operation equally often, so that the time of an epoch does not
 * depend on the luck of the draw. `batches` is a multiple of the number of operations, or any seed will do.
 */
export function balancedSeed(batches: number): number {
  if (batches % operations.length !== 0) return 1;
  for (let seed = 1; ; seed++) {
    const counts = operations.map(() => 0);
    for (let batch = 0; batch < batches; batch++) {
      const drawn = new Stream(seed, 'expert-augmentation', index, 0, batch).integer(operations.length);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    if (counts.every((count) => count === batches / operations.length)) return seed;
  }
}

function parameters(data: Float32Array): NamedTensor {
  return { dtype: 'F32', shape: [data.length], data };
}

function labels(count: number, classes: number): NamedTensor {
  return {
    dtype: 'I64',
    shape: [count],
    data: BigInt64Array.from({ length: count }, (_, i) => BigInt(i % classes)),
  };
}

function bytesOf({ image }: Work, count: number): Uint8Array {
  const stream = new Stream(1, 'report-samples');
  return Uint8Array.from({ length: count * pixelsOf(image) }, () => stream.uint32() >>> 24);
}

function byteImages(work: Work, count: number): NamedTensor {
  return { dtype: 'U8', shape: imagesShape(work, count), data: bytesOf(work, count) };
}

/** Uniform noise of about unit variance: no step is faster or slower for what the images show. */
function floatImages(work: Work, count: number): NamedTensor {
  const data = Float32Array.from(bytesOf(work, count), (byte) => (byte / 255 - 0.5) / 0.29);
  return { dtype: 'F32', shape: imagesShape(work, count), data };
}

function imagesShape({ image }: Work, count: number): number[] {
  return [count, image.channels, image.height, image.width];
}
