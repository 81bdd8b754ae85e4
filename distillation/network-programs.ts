/**
 * @file The compiled steps of one network on one device: what the algorithms are written in.
 */
import type { FeaturePrograms } from './feature-programs.js';
import type { Network } from '../networks/network.js';
import type { DeviceTensor } from '../tensor/device.js';

/** One tensor per parameter, in the network's order, held by the device until released. */
export type ParameterSet = readonly DeviceTensor[];

/** A batch on the host. Images NCHW float32 as trained on (normalised, augmented). */
export interface Batch {
  readonly images: Float32Array;
  readonly count: number;
  /** Class probabilities [count, classes]; one-hot for hard labels. */
  readonly targets: Float32Array;
}

export interface SgdSettings {
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/** What {@link NetworkPrograms.secondOrderStep} gives. */
export interface SecondOrderStep {
  readonly slope: number;
  readonly images: Float32Array;
  readonly v: ParameterSet;
  /** When it was asked for. */
  readonly targets?: Float32Array;
}

/**
 * Programs are compiled once per batch size and kept. All mean cross-entropies are over the batch.
 * Flat vectors are float32 in canonical (PyTorch) layout: parameters in order, each row-major.
 */
export interface NetworkPrograms {
  readonly network: Network;

  upload(flat: Float32Array): ParameterSet;
  /** Running averages of batch normalisation, flat in the order of `network.statistics`. */
  uploadStatistics(flat: Float32Array): ParameterSet;
  /** Either kind of set. */
  download(set: ParameterSet): Float32Array;
  release(...sets: readonly ParameterSet[]): void;

  /**
   * One SGD step as PyTorch does it: `g += weightDecay * p; u = momentum * u + g; p -= lr * u`. Without
   * `velocity` the momentum must be 0. Returns new sets; the old ones stay the caller's.
   *
   * Batch normalisation uses the batch at hand; with `statistics`, running averages are kept beside it, of which
   * this batch makes a tenth.
   */
  sgdStep(
    parameters: ParameterSet,
    velocity: ParameterSet | undefined,
    batch: Batch,
    settings: SgdSettings,
    statistics?: ParameterSet,
  ): {
    parameters: ParameterSet;
    velocity: ParameterSet | undefined;
    statistics: ParameterSet | undefined;
    loss: number;
  };

  /**
   * [count, classes], row-major.
   *
   * @param statistics running averages for batch normalisation to use, as in testing; without them, it uses the
   *   batch at hand
   */
  logits(
    parameters: ParameterSet,
    images: Float32Array,
    count: number,
    statistics?: ParameterSet,
  ): Float32Array;

  /** What the network classifies by. */
  readonly features: FeaturePrograms;

  /** The loss and its gradient to the images and to every parameter, in order (for checks). */
  gradients(
    parameters: ParameterSet,
    batch: Batch,
  ): { loss: number; logits: Float32Array; images: Float32Array; parameters: Float32Array[] };

  /**
   * One backward step of the trajectory gradient (method, section 3). With
   * `s(theta, x) = v . grad_theta CE(x; theta)`, v held constant:
   * returns `slope = s`, `images = ds/dx` [count,c,h,w] and the set `v - alpha * ds/dtheta`.
   *
   * @param toTargets whether `targets = ds/dtargets` [count,classes] is wanted too. Default false.
   */
  secondOrderStep(
    parameters: ParameterSet,
    batch: Batch,
    v: ParameterSet,
    alpha: number,
    toTargets?: boolean,
  ): SecondOrderStep;
}
