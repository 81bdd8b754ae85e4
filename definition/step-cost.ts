/**
 * @file What one step of a network costs, counted from its graph; the unit in which plans are estimated.
 */
import type { ImageShape, NetworkSpec } from '../networks/spec.js';

/** The steps that all work is made of: a forward pass, SGD without and with momentum, a step of a match back. */
export type StepKind = 'logits' | 'plain-sgd' | 'momentum-sgd' | 'second-order';

export interface StepCost {
  /** Of convolutions and matrix products, 2 per multiply-add. */
  readonly flops: number;
  /** Read and written by everything. */
  readonly bytesMoved: number;
  readonly operations: number;
  /** Most bytes held at one time: inputs, parameters and values of the graph. */
  readonly peakBytes: number;
}

/** Counts a step; what cannot be known without the owner of a network is undefined. */
export type CountStep = (
  network: NetworkSpec,
  image: ImageShape,
  classes: number,
  kind: StepKind,
  batch: number,
) => StepCost | undefined;
