/**
 * @file Which synthetic images each student step of an iteration takes, and how they are augmented.
 */
import type { DsaOperation } from '../definition/plan.js';
import type { ImageShape } from '../networks/spec.js';
import { Stream } from '../random/stream.js';
import { drawAugmentation } from './augmentation/strategy.js';
import type { StudentStep } from './matching.js';

export interface StudentStepSettings {
  readonly seed: number;
  /** N. */
  readonly synSteps: number;
  /** Images per step; the whole set when absent or larger. */
  readonly batchSyn?: number;
  readonly operations: readonly DsaOperation[];
}

/**
 * The steps of one iteration. Mini-batches are drawn without replacement, the last partial one kept, and the set
 * is reshuffled when it is exhausted; whole-set steps need no order.
 */
export function studentSteps(
  { seed, synSteps, batchSyn, operations }: StudentStepSettings,
  iteration: number,
  count: number,
  shape: ImageShape,
): StudentStep[] {
  const batchSize = Math.min(batchSyn ?? count, count);
  const perPass = Math.ceil(count / batchSize);
  let order: Uint32Array = Uint32Array.from({ length: count }, (_, index) => index);
  return Array.from({ length: synSteps }, (_, step) => {
    const turn = step % perPass;
    if (turn === 0 && perPass > 1)
      order = new Stream(seed, 'synthetic-batches', iteration, step / perPass).permutation(count);
    const indices = order.subarray(turn * batchSize, Math.min((turn + 1) * batchSize, count));
    const stream = new Stream(seed, 'synthetic-augmentation', iteration, step);
    return { indices, augmentation: drawAugmentation(operations, stream, indices.length, shape) };
  });
}
