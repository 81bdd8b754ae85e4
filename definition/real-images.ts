/**
 * @file How many real images of each class a plan draws: known before any of its work is done.
 */
import { isLate } from './settings.js';
import type { DistillStage, Plan, SelectStage } from './plan.js';

/**
 * The most that any stage draws of one class: to start from, as a coreset, or as a baseline. 0 when none does, or it
 * is not known yet how many.
 */
export function realImagesPerClass({ stages }: Pick<Plan, 'stages'>): number {
  const ipcOf = new Map(
    stages.flatMap((stage) =>
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
