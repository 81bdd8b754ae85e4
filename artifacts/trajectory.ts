/**
 * @file An expert's trajectory as stored: its parameters at initialisation and after every epoch.
 */
import type { NetworkSpec } from '../networks/spec.js';
import type { ByteRange, Reference } from './reference.js';

/** Name and shape of one parameter, in the network's order; a snapshot is their concatenation. */
export interface ParameterShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * A safetensors object of whole epochs; tensors are named `e-0007/features.0.weight`, differences to the epoch
 * kept before `e-0007-delta/features.0.weight`.
 */
export interface TrajectoryShard {
  readonly object: Reference;
  /** Where each epoch's parameters lie, contiguous, little-endian in parameter order. */
  readonly epochs: readonly { readonly epoch: number; readonly range: ByteRange }[];
}

/** Manifest of one expert at `experts/<expert key>.json`. */
export interface Trajectory {
  readonly kind: 'trajectory';
  /** Which expert of its set, from 0, and the seed it was trained with. */
  readonly index: number;
  readonly seed: number;
  readonly network: NetworkSpec;
  readonly parameters: readonly ParameterShape[];
  readonly parameterCount: number;
  /** Epochs trained. */
  readonly epochs: number;
  /** Epochs whose snapshots were kept, in order; all from 0 to `epochs` when absent. */
  readonly kept?: readonly number[];
  /** Float32 when absent. With `fp16-delta`, every snapshot but the first is the float16 difference to the last. */
  readonly precision?: 'fp16-delta';
  readonly shards: readonly TrajectoryShard[];
  /** In [0,1], by epoch from 0 to `epochs`. */
  readonly testAccuracy: readonly number[];
  /** Mean training cross-entropy by epoch, from 1 to `epochs`. */
  readonly trainLoss: readonly number[];
}

/** Manifest of the experts of one stage. */
export interface TrajectorySet {
  readonly kind: 'trajectory-set';
  readonly network: NetworkSpec;
  readonly parameterCount: number;
  readonly epochs: number;
  /** As in each trajectory. */
  readonly kept?: readonly number[];
  readonly trajectories: readonly Reference[];
}
