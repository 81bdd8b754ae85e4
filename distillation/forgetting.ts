/**
 * @file A training that counts how often it forgets each image (Toneva et al. 2019): an image is forgotten when it
 * is classified wrongly although it was classified rightly the last time it came up.
 */
import type { DsaOperation } from '../definition/plan.js';
import { initialiseParameters } from '../networks/initialise.js';
import type { Network } from '../networks/network.js';
import { Stream } from '../random/stream.js';
import { argmax } from './accuracy.js';
import type { BatchSource } from './batches.js';
import type { NetworkPrograms } from './network-programs.js';
import { initialState, Training, type TrainingState } from './training.js';

export interface ForgettingSettings {
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly operations: readonly DsaOperation[];
  /** Seed of the run. */
  readonly seed: number;
}

/** What is known of each image so far. */
export interface Remembered {
  /** How often it was forgotten. */
  readonly forgotten: Int32Array;
  /** 0: never right yet; 1: right the last time; 2: right before, but not the last time. */
  readonly learned: Uint8Array;
}

const never = 0;
const known = 1;
const lost = 2;

/** Before the first step. */
export function nothingRemembered(images: number): Remembered {
  return { forgotten: new Int32Array(images), learned: new Uint8Array(images) };
}

/** The state of the network before the first step. */
export function initialForgetting(network: Network, seed: number): TrainingState {
  return initialState(
    initialiseParameters(network, (parameter) => new Stream(seed, 'forgetting-init', parameter)),
  );
}

/** The training under way; like an expert it can stop and go on at any step. */
export class ForgettingTraining extends Training {
  readonly #remembered: Remembered;

  /**
   * @param state `initialForgetting(network, seed)`, or what `exportState` gave at any step
   * @param remembered `nothingRemembered(images.count)`, or what it was at that step; it is copied
   */
  constructor(
    programs: NetworkPrograms,
    images: BatchSource,
    settings: ForgettingSettings,
    state: TrainingState,
    remembered: Remembered,
  ) {
    const { seed, batchSize, operations } = settings;
    const kept = { forgotten: remembered.forgotten.slice(), learned: remembered.learned.slice() };
    super(
      programs,
      images,
      {
        batchSize,
        operations,
        shuffle: (epoch) => new Stream(seed, 'forgetting-shuffle', epoch),
        augmentation: (epoch, batch) => new Stream(seed, 'forgetting-augmentation', epoch, batch),
        sgd: () => settings,
        resetsVelocity: () => false,
        // As they are trained on, with the weights that the update starts from.
        beforeUpdate: (indices, batch, parameters) => {
          const logits = programs.logits(parameters, batch.images, batch.count);
          remember(kept, indices, logits, batch.targets, images.classes);
        },
      },
      state,
    );
    this.#remembered = kept;
  }

  /** A copy of what is known so far. */
  get remembered(): Remembered {
    const { forgotten, learned } = this.#remembered;
    return { forgotten: forgotten.slice(), learned: learned.slice() };
  }
}

/** How often each image was forgotten; Infinity when it was never learned. */
export function timesForgotten({ forgotten, learned }: Remembered): Float64Array {
  return Float64Array.from(forgotten, (times, image) => (learned[image] === never ? Infinity : times));
}

/**
 * Takes note of how the images of a batch were classified.
 *
 * @param logits `[indices.length, classes]`
 * @param targets one-hot, likewise
 */
export function remember(
  { forgotten, learned }: Remembered,
  indices: Uint32Array,
  logits: Float32Array,
  targets: Float32Array,
  classes: number,
): void {
  indices.forEach((image, row) => {
    const from = row * classes;
    if (argmax(logits, from, classes) === argmax(targets, from, classes)) {
      learned[image] = known;
    } else if (learned[image] === known) {
      learned[image] = lost;
      forgotten[image] = (forgotten[image] ?? 0) + 1;
    }
  });
}
