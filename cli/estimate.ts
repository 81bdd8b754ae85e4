/**
 * @file What a plan would cost on this machine, by its calibration if there is one.
 */
import { availableParallelism, cpus } from 'node:os';

import { defaultMemoryLimit } from '../compute/memory.js';
import { type Calibration, estimatePlan, type KnownDataset, type PlanEstimate } from '../definition/index.js';
import type { Plan } from '../definition/plan.js';
import { stepCounter } from '../distillation/step-costs.js';
import type { CommandContext } from './command-context.js';
import { CalibrationFile } from './state/calibration-file.js';

export interface EstimateSettings {
  /** Compute processes that share this machine. Default 1. */
  readonly slots?: number;
  /** Machines or devices like this one. Default 1. */
  readonly workers?: number;
  /** Bytes of each slot. Default 90 % of the memory, shared among the slots. */
  readonly memoryLimit?: number;
  /** The data set as it is in the store. */
  readonly dataset?: KnownDataset;
}

export interface Estimated {
  /** Absent when only the store knows the data set, or only its owner the network. */
  readonly estimate?: PlanEstimate;
  readonly calibration?: Calibration;
  /** Bytes that a slot may take. */
  readonly memoryLimit: number;
}

export function estimateHere(
  plan: Plan,
  { stateFile }: Pick<CommandContext, 'stateFile'>,
  { slots = 1, workers = 1, memoryLimit = defaultMemoryLimit() / slots, dataset }: EstimateSettings,
): Estimated {
  const calibration = calibrationOfThisMachine(new CalibrationFile(stateFile.directory).read());
  // What a network holds on a GPU is not in the machine's memory.
  const onCpu = calibration === undefined || calibration.engine.device === 'cpu';
  const estimate = estimatePlan(plan, {
    count: stepCounter(),
    ...(dataset && { dataset }),
    slots,
    workers,
    ...(onCpu && { memoryLimit }),
    ...(calibration && { calibration }),
  });
  return { memoryLimit, ...(estimate && { estimate }), ...(calibration && { calibration }) };
}

/** The newest of this kind of processor, if possible with as many threads as there are. */
function calibrationOfThisMachine(calibrations: readonly Calibration[]): Calibration | undefined {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown';
  const here = calibrations.filter(({ engine }) => engine.cpu === cpu);
  const newestFirst = [...here].sort((a, b) => (a.measuredAt < b.measuredAt ? 1 : -1));
  return newestFirst.find(({ engine }) => engine.threads === availableParallelism()) ?? newestFirst[0];
}
