/**
 * @file Training a network by stochastic gradient descent, one mini-batch at a time, from any step on.
 * Experts and evaluations are this loop with different images, rates and streams.
 */
import type { DsaOperation } from '../definition/plan.js';
import { initialStatistics } from '../networks/initialise.js';
import type { Stream } from '../random/stream.js';
import { augment, drawAugmentation } from './augmentation/strategy.js';
import type { BatchSource } from './batches.js';
import type { Batch, NetworkPrograms, ParameterSet, SgdSettings } from './network-programs.js';

/** Everything that the next step depends on; a training restored from it goes on bit for bit. */
export interface TrainingState {
  /** Finished epochs. */
  readonly epoch: number;
  /** Finished steps of the epoch under way. */
  readonly step: number;
  /** Flat, in canonical layout. */
  readonly parameters: Float32Array;
  /** Like the parameters; absent when trained without momentum. */
  readonly velocity?: Float32Array;
  /** Running averages of batch normalisation; absent in networks without it. */
  readonly statistics?: Float32Array;
  /** Cross-entropy summed over the images of the epoch under way. */
  readonly lossSum: number;
}

/** What sets one training apart from another. */
export interface TrainingRules {
  readonly batchSize: number;
  readonly operations: readonly DsaOperation[];
  /** Random order of the images of an epoch. */
  shuffle(epoch: number): Stream;
  /** Augmentation of one batch. */
  augmentation(epoch: number, batch: number): Stream;
  /** Rates of an epoch. Momentum is 0 throughout or positive throughout. */
  sgd(epoch: number): SgdSettings;
  /** Whether the velocity starts from 0 again with this epoch. */
  resetsVelocity(epoch: number): boolean;
  /** Told of every batch as it is trained on, augmented, and of the weights before the update. */
  beforeUpdate?(indices: Uint32Array, batch: Batch, parameters: ParameterSet): void;
}

export interface TrainingStep {
  /** Mean cross-entropy of the batch, before the update. */
  readonly loss: number;
  /** Mean training cross-entropy of the epoch when this step was its last. */
  readonly finishedEpoch?: { readonly epoch: number; readonly loss: number };
}

/** The state before the first step. */
export function initialState(parameters: Float32Array): TrainingState {
  return { epoch: 0, step: 0, parameters, lossSum: 0 };
}

/** A training under way. Holds device memory until {@link Training.release | released}. */
export class Training {
  #epoch: number;
  #step: number;
  #lossSum: number;
  #parameters: ParameterSet;
  #velocity: ParameterSet | undefined;
  #statistics: ParameterSet | undefined;
  #order: Uint32Array | undefined;

  constructor(
    readonly programs: NetworkPrograms,
    readonly images: BatchSource,
    readonly rules: TrainingRules,
    state: TrainingState,
  ) {
    this.#epoch = state.epoch;
    this.#step = state.step;
    this.#lossSum = state.lossSum;
    this.#parameters = programs.upload(state.parameters);
    this.#velocity = state.velocity && programs.upload(state.velocity);
    if (programs.network.statistics.length > 0)
      this.#statistics = programs.uploadStatistics(state.statistics ?? initialStatistics(programs.network));
  }

  /** Finished epochs. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Finished steps of the epoch under way. */
  get stepOfEpoch(): number {
    return this.#step;
  }

  /** The last, partial batch counts. */
  get stepsPerEpoch(): number {
    return Math.ceil(this.images.count / this.rules.batchSize);
  }

  /** The live parameters; they are replaced by the next step. */
  get parameters(): ParameterSet {
    return this.#parameters;
  }

  /** What batch normalisation is tested with, in networks that have it; replaced by the next step. */
  get statistics(): ParameterSet | undefined {
    return this.#statistics;
  }

  /** Trains on the next mini-batch. */
  step(): TrainingStep {
    const { programs, images, rules } = this;
    const epoch = this.#epoch;
    this.#order ??= rules.shuffle(epoch).permutation(images.count);
    const sgd = rules.sgd(epoch);
    if (this.#step === 0 && rules.resetsVelocity(epoch)) this.#dropVelocity();
    if (sgd.momentum > 0)
      this.#velocity ??= programs.upload(new Float32Array(programs.network.parameterCount));

    const from = this.#step * rules.batchSize;
    const to = Math.min(from + rules.batchSize, images.count);
    const batch = images.batch(this.#order, from, to);
    const stream = rules.augmentation(epoch, this.#step);
    const drawn = drawAugmentation(rules.operations, stream, batch.count, images.shape);
    const augmented = { ...batch, images: augment(batch.images, drawn, images.shape) };
    rules.beforeUpdate?.(this.#order.subarray(from, to), augmented, this.#parameters);
    const next = programs.sgdStep(this.#parameters, this.#velocity, augmented, sgd, this.#statistics);
    this.release();
    this.#parameters = next.parameters;
    this.#velocity = next.velocity;
    this.#statistics = next.statistics;

    this.#lossSum += next.loss * batch.count;
    this.#step += 1;
    if (to < images.count) return { loss: next.loss };
    const finishedEpoch = { epoch: epoch + 1, loss: this.#lossSum / images.count };
    this.#epoch += 1;
    this.#step = 0;
    this.#lossSum = 0;
    this.#order = undefined;
    return { loss: next.loss, finishedEpoch };
  }

  /** A copy of the parameters: a snapshot never aliases the live weights. */
  snapshot(): Float32Array {
    return this.programs.download(this.#parameters);
  }

  /** A copy of the whole state. */
  exportState(): TrainingState {
    return {
      epoch: this.#epoch,
      step: this.#step,
      parameters: this.snapshot(),
      ...(this.#velocity && { velocity: this.programs.download(this.#velocity) }),
      ...(this.#statistics && { statistics: this.programs.download(this.#statistics) }),
      lossSum: this.#lossSum,
    };
  }

  /** Gives the device memory back; the training cannot go on afterwards. */
  release(): void {
    this.programs.release(this.#parameters);
    this.#dropVelocity();
    if (this.#statistics) this.programs.release(this.#statistics);
    this.#statistics = undefined;
  }

  #dropVelocity(): void {
    if (this.#velocity) this.programs.release(this.#velocity);
    this.#velocity = undefined;
  }
}
