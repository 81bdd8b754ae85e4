/**
 * @file What a stage asks of the process that computes for it, compared with what this process has.
 */
import { hostname } from 'node:os';
import type { EngineInfo } from '../definition/stages.js';
import { DistilleryError } from '../errors/errors.js';
import { bytesInWords } from './memory.js';
import type { Demands } from './protocol.js';

/**
 * @throws DistilleryError that counts as a failure and is tried again, as another worker may have what this one lacks
 */
export function requireDemands(
  { memoryBytes, gpu }: Demands,
  engine: Pick<EngineInfo, 'name' | 'device'>,
  memoryLimit: number | undefined,
): void {
  if (memoryBytes !== undefined && memoryLimit !== undefined && memoryBytes > memoryLimit)
    throw new DistilleryError(
      'OutOfMemory',
      `The stage asks for ${bytesInWords(memoryBytes)} (\`resources.memory\`), and a compute process of the worker on ` +
        `${hostname()} may take ${bytesInWords(memoryLimit)}. Start a worker with fewer --slots or a larger ` +
        '--memory-limit, or lead the stage to larger machines with `resources.taskQueue`.',
    );
  if (gpu === true && engine.device === 'cpu')
    throw new DistilleryError(
      'ComputeFailed',
      `The stage asks for a GPU (\`resources.gpu: 1\`), and the worker on ${hostname()} computes on its CPU ` +
        `(${engine.name}). Start a worker on a machine with a GPU, or lead the stage to such workers with ` +
        '`resources.taskQueue`.',
    );
}
