/**
 * @file How many real images of each class a plan draws: known before any of its work is done.
 */
import { isLate } from './settings.js';
import type { DistillStage, PlannedStage, SelectStage } from './plan.js';

/**
 * The most that any of some stages draws of one class: to start from, as a coreset, or as a baseline. 0 when none
 * does, or it is not known yet how many.
 *
 * @param others stages whose images these may take, beside each other's
 */
export function realImagesPerClass(
  stages: readonly PlannedStage[],
  others: readonly PlannedStage[] = [],
): number {
  const ipcOf = new Map(
    [...others, ...stages].flatMap((stage) =>
      stage.uses === 'distill' || stage.uses === 'select' ? [[stage.id, knownIpc(stage)] as const] : [],
    ),
  );
  const drawn = stages.map((stage) => {
    switch (stage.uses) {
      case 'distill':
        return stage.with.init === 'real' ? knownIpc(stage) : 0;
      case 'select':
        return knownIpc(stage);
      case 'evaluate':
        return stage.with.baselines.includes('random') ? (ipcOf.get(stage.with.dataset.stage) ?? 0) : 0;
      case 'train-experts':
      case 'report':
      case 'custom':
        return 0;
    }
  });
  return Math.max(0, ...drawn);
}

function knownIpc(stage: DistillStage | SelectStage): number {
  return isLate(stage, 'ipc') ? 0 : stage.with.ipc;
}
