/**
 * @file The evaluation protocol (method, section 7): a fresh network trained on a small set alone.
 */
import type { DsaOperation } from '../definition/plan.js';
import { initialiseParameters } from '../networks/initialise.js';
import type { Network } from '../networks/network.js';
import { Stream } from '../random/stream.js';
import type { BatchSource } from './batches.js';
import type { NetworkPrograms } from './network-programs.js';
import { initialState, Training, type TrainingState } from './training.js';

export interface EvaluationSettings {
  /** Exactly so many; the published code runs one more than it is asked for. */
  readonly epochs: number;
  /** Before the drop; usually the learned alpha. */
  readonly lr: number;
  /** Default of the protocol 0.9. */
  readonly momentum: number;
  /** Default of the protocol 5e-4. */
  readonly weightDecay: number;
  /** Default of the protocol 256. */
  readonly batchSize: number;
  readonly operations: readonly DsaOperation[];
  /** Seed of the run. */
  readonly seed: number;
  /** Which images will measure the accuracy: networks that choose an iteration are not those that judge it. */
  readonly split: 'test' | 'holdout';
  /** Which fresh network, from 0. */
  readonly run: number;
}

/** First epoch, from 0, with a tenth of the rate and a fresh momentum: 502 of 1000. */
export function rateDropEpoch(epochs: number): number {
  return Math.floor(epochs / 2) + 2;
}

/** Index of the network of a run in the evaluation streams. */
function networkIndex({ split, run }: Pick<EvaluationSettings, 'split' | 'run'>): number {
  return 2 * run + (split === 'test' ? 0 : 1);
}

/** The state of an evaluation before its first step: a network that no expert and no other run started from. */
export function initialEvaluation(
  network: Network,
  settings: Pick<EvaluationSettings, 'seed' | 'split' | 'run'>,
): TrainingState {
  const index = networkIndex(settings);
  return initialState(
    initialiseParameters(network, (parameter) => {
      return new Stream(settings.seed, 'evaluation-init', index, parameter);
    }),
  );
}

/** One evaluation under way; like an expert it can stop and go on at any step. */
export class EvaluationTraining extends Training {
  /** @param state `initialEvaluation(network, settings)`, or what `exportState` gave at any step */
  constructor(
    programs: NetworkPrograms,
    images: BatchSource,
    readonly settings: EvaluationSettings,
    state: TrainingState,
  ) {
    const { seed, lr, momentum, weightDecay, batchSize, operations } = settings;
    const network = networkIndex(settings);
    const drop = rateDropEpoch(settings.epochs);
    super(
      programs,
      images,
      {
        batchSize,
        operations,
        shuffle: (epoch) => new Stream(seed, 'evaluation-shuffle', network, epoch),
        augmentation: (epoch, batch) => new Stream(seed, 'evaluation-augmentation', network, epoch, batch),
        sgd: (epoch) => ({ lr: epoch < drop ? lr : lr * 0.1, momentum, weightDecay }),
        resetsVelocity: (epoch) => epoch === drop,
      },
      state,
    );
  }

  /** Whether all epochs are trained. */
  get finished(): boolean {
    return this.epoch >= this.settings.epochs;
  }
}
