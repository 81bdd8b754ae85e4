/**
 * @file Training of one expert (method, section 2): the network whose path through parameter space is recorded.
 */
import type { DsaOperation } from '../definition/plan.js';
import { initialiseParameters } from '../networks/initialise.js';
import type { Network } from '../networks/network.js';
import { Stream } from '../random/stream.js';
import type { BatchSource } from './batches.js';
import type { NetworkPrograms } from './network-programs.js';
import { initialState, Training, type TrainingState } from './training.js';

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

/** The state of an expert before its first step. */
export function initialExpert(
  network: Network,
  { seed, index }: Pick<ExpertSettings, 'seed' | 'index'>,
): TrainingState {
  return initialState(
    initialiseParameters(network, (parameter) => new Stream(seed, 'network-init', index, parameter)),
  );
}

/**
 * One expert under way. Snapshots belong to the initialisation (before the first step) and to the end of every
 * epoch (`step().finishedEpoch`). The same settings and images give the same bytes on any worker.
 *
 * @example
 * const expert = new ExpertTraining(programs, images, settings, initialExpert(network, settings));
 * while (expert.epoch < epochs) if (expert.step().finishedEpoch) keep(expert.snapshot());
 */
export class ExpertTraining extends Training {
  /** @param state `initialExpert(network, settings)`, or what `exportState` gave at any step */
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
