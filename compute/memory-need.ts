/**
 * @file Refuses work that cannot fit before it begins: better a message now than a process that is stopped after
 * two hours.
 */
import type { StepKind } from '../definition/step-cost.js';
import { costOfStep } from '../distillation/step-costs.js';
import { pixelsOf } from '../distillation/batches.js';
import { DistilleryError } from '../errors/errors.js';
import type { Network } from '../networks/network.js';
import type { TaskContext } from './context.js';
import { bytesInWords } from './memory.js';
import { memoryRemedy } from './memory-watch.js';
import type { TaskName } from './protocol.js';

export interface MemoryNeed {
  readonly network: Network;
  /** The kinds of step of the task. */
  readonly kinds: readonly StepKind[];
  /** Images of a step. */
  readonly batch: number;
  /** Parameter sets held at one time. */
  readonly parameterSets: number;
  /** Real images held as bytes. */
  readonly images: number;
}

/** Bytes without which a task cannot be done: tensors and images alone, without any process around them. */
export function leastBytes({ network, kinds, batch, parameterSets, images }: MemoryNeed): number {
  const peak = Math.max(...kinds.map((kind) => costOfStep(network, kind, batch).peakBytes));
  return peak + 4 * network.parameterCount * parameterSets + images * pixelsOf(network.input);
}

/** Fused kernels keep fewer values than the graph has; how many fewer is not counted, so little is assumed. */
const fusedShare = 0.5;

/**
 * @throws DistilleryError `InvalidDefinition` when the task cannot fit into the memory that the process may take.
 *   What lies on a GPU is not counted here.
 */
export function requireMemory(
  { device, memoryLimit }: Pick<TaskContext, 'device' | 'memoryLimit'>,
  task: TaskName,
  need: MemoryNeed,
): void {
  if (memoryLimit === undefined || device.info.device !== 'cpu') return;
  const least = leastBytes(need) * (device.info.kernels === undefined ? 1 : fusedShare);
  if (least <= memoryLimit) return;
  throw new DistilleryError(
    'InvalidDefinition',
    `A step on ${need.batch} images needs at least ${bytesInWords(least)} of memory, and the compute process may take ` +
      `${bytesInWords(memoryLimit)}. ${memoryRemedy(task)}`,
  );
}
