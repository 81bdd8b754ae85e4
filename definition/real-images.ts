/**
 * @file How many real images of each class a plan draws: known before any of its work is done.
 */
import type { Plan } from './plan.js';

/**
 * The most that any stage draws of one class: to start from, as a coreset, or as a baseline. 0 when none does.
 */
export function realImagesPerClass({ stages }: Plan): number {
  const ipcOf = new Map(
    stages.flatMap((stage) =>
      stage.uses === 'distill' || stage.uses === 'select' ? [[stage.id, stage.with.ipc] as const] : [],
    ),
  );
  const drawn = stages.map((stage) => {
    switch (stage.uses) {
      case 'distill':
        return stage.with.init === 'real' ? stage.with.ipc : 0;
      case 'select':
        return stage.with.ipc;
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
