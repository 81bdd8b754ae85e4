/**
 * @file Training of one expert (method, section 2): the network whose path through parameter space is recorded.
 */
import type { DsaOperation } from '../definition/plan.js';
import { Stream } from '../random/stream.js';
import type { BatchSource } from './batches.js';
import type { NetworkPrograms } from './network-programs.js';
import { Training, type TrainingState } from './training.js';

export interface ExpertSettings {
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  /** DSA operations, one drawn for each batch. */
  readonly operations: readonly DsaOperation[];
  /** Seed of the run. */
  readonly seed: number;
  /** Which expert, from 0. */
  readonly index: number;
}

/**
 * One expert under way. Snapshots belong to the initialisation (before the first step) and to the end of every
 * epoch (`step().finishedEpoch`). The same settings and images give the same bytes on any worker.
 *
 * @example
 * const expert = new ExpertTraining(programs, images, settings, initialState(theta0));
 * while (expert.epoch < epochs) if (expert.step().finishedEpoch) keep(expert.snapshot());
 */
export class ExpertTraining extends Training {
  /** @param state `initialState(parameters)`, or what `exportState` gave at any step */
  constructor(
    programs: NetworkPrograms,
    images: BatchSource,
    settings: ExpertSettings,
    state: TrainingState,
  ) {
    const { seed, index, batchSize, operations } = settings;
    super(
      programs,
      images,
      {
        batchSize,
        operations,
        shuffle: (epoch) => new Stream(seed, 'expert-shuffle', index, epoch),
        augmentation: (epoch, batch) => new Stream(seed, 'expert-augmentation', index, epoch, batch),
        sgd: () => settings,
        resetsVelocity: () => false,
      },
      state,
    );
  }
}
