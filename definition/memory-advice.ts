/**
 * @file What to change in a stage that would need more memory than there is.
 */
import type { EvaluateStage, PlannedStage, TrainExpertsStage } from './plan.js';

interface TooLarge {
  readonly stage: PlannedStage;
  /** Processes that share the memory. */
  readonly slots: number;
  readonly processBytes: number;
  /** Of each. */
  readonly memoryLimit: number;
  /** Memory of one process with other settings. */
  readonly bytesWith: (stage: PlannedStage) => number;
  readonly classes: number;
}

/** One sentence that names the setting and, where one does, a value that fits. */
export function memoryAdvice({
  stage,
  slots,
  processBytes,
  memoryLimit,
  bytesWith,
  classes,
}: TooLarge): string {
  const fewer = Math.floor((memoryLimit * slots) / processBytes);
  if (slots > 1 && fewer >= 1)
    return `run ${fewer === 1 ? 'one slot' : `${fewer} slots`} instead of ${slots} (--slots ${fewer})`;
  const setting = batchSetting(stage, classes);
  if (setting === undefined) return 'use a machine with more memory';
  for (let size = Math.floor(setting.value / 2); size >= 1; size = Math.floor(size / 2))
    if (bytesWith(setting.changed(size)) <= memoryLimit) return `${setting.name}: ${size} fits`;
  return `no ${setting.name} is small enough: use a narrower network or a machine with more memory`;
}

interface BatchSetting {
  readonly name: string;
  readonly value: number;
  readonly changed: (size: number) => PlannedStage;
}

function ownBatch(stage: TrainExpertsStage | EvaluateStage): BatchSetting {
  return {
    name: 'batchSize',
    value: stage.with.batchSize,
    changed: (batchSize) => ({ ...stage, with: { ...stage.with, batchSize } }) as PlannedStage,
  };
}

function batchSetting(stage: PlannedStage, classes: number): BatchSetting | undefined {
  switch (stage.uses) {
    case 'distill': {
      const { method, ipc } = stage.with;
      if (method.name !== 'mtt')
        return {
          name: 'method.batchReal',
          value: method.batchReal,
          changed: (batchReal) => ({ ...stage, with: { ...stage.with, method: { ...method, batchReal } } }),
        };
      return {
        name: 'method.batchSyn',
        value: Math.min(method.batchSyn ?? Infinity, ipc * classes),
        changed: (batchSyn) => ({ ...stage, with: { ...stage.with, method: { ...method, batchSyn } } }),
      };
    }
    case 'evaluate': {
      const { batchSize, full } = stage.with;
      if (full === undefined || full.networks.length === 0) return ownBatch(stage);
      return {
        name: 'batchSize (of the stage and of full)',
        value: Math.max(batchSize, full.batchSize),
        changed: (size) => ({
          ...stage,
          with: {
            ...stage.with,
            batchSize: Math.min(batchSize, size),
            full: { ...full, batchSize: Math.min(full.batchSize, size) },
          },
        }),
      };
    }
    case 'train-experts':
      return ownBatch(stage);
    case 'select': {
      const { method } = stage.with;
      if (method.name !== 'forgetting') return undefined;
      return {
        name: 'method.batchSize',
        value: method.batchSize,
        changed: (batchSize) => ({ ...stage, with: { ...stage.with, method: { ...method, batchSize } } }),
      };
    }
    case 'report':
    case 'custom':
      return undefined;
  }
}
