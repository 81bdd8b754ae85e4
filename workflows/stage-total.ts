/**
 * @file How many units of work a stage has, as its status counts them.
 */
import { smallTrainings, wholeTrainings } from '../definition/evaluation-units.js';
import type { PlannedStage } from '../definition/plan.js';

/** Experts, iterations, trained networks; a selection, a report and a custom stage are one. */
export function stageTotal(stage: PlannedStage): number {
  switch (stage.uses) {
    case 'train-experts':
      return stage.with.count;
    case 'distill':
      return stage.with.iterations;
    case 'evaluate':
      return smallTrainings(stage.with) + wholeTrainings(stage.with);
    case 'select':
    case 'report':
    case 'custom':
      return 1;
  }
}
