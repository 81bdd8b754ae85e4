/**
 * @file Which synthetic images each student step of an iteration takes, and how they are augmented.
 */
import type { DsaOperation } from '../definition/plan.js';
import type { ImageShape } from '../networks/spec.js';
import { Stream } from '../random/stream.js';
import { drawAugmentation } from './augmentation/strategy.js';
import type { StudentStep } from './unroll.js';

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
 *
 * @param match which of the iteration's matches, from 0; each draws as if the student had gone on
 */
export function studentSteps(
  { seed, synSteps, batchSyn, operations }: StudentStepSettings,
  iteration: number,
  count: number,
  shape: ImageShape,
  match = 0,
): StudentStep[] {
  const batchSize = Math.min(batchSyn ?? count, count);
  const perPass = Math.ceil(count / batchSize);
  const earlierPasses = match * Math.ceil(synSteps / perPass);
  let order: Uint32Array = Uint32Array.from({ length: count }, (_, index) => index);
  return Array.from({ length: synSteps }, (_, step) => {
    const turn = step % perPass;
    if (turn === 0 && perPass > 1) {
      const pass = earlierPasses + step / perPass;
      order = new Stream(seed, 'synthetic-batches', iteration, pass).permutation(count);
    }
    const indices = order.subarray(turn * batchSize, Math.min((turn + 1) * batchSize, count));
    const stream = new Stream(seed, 'synthetic-augmentation', iteration, match * synSteps + step);
    return { indices, augmentation: drawAugmentation(operations, stream, indices.length, shape) };
  });
}
