/**
 * @file How many units of work a stage has, as its status counts them.
 */
import type { PlannedStage } from '../definition/plan.js';

/** Experts, iterations, trained networks; a selection and a report are one. */
export function stageTotal(stage: PlannedStage): number {
  switch (stage.uses) {
    case 'train-experts':
      return stage.with.count;
    case 'distill':
      return stage.with.iterations;
    case 'evaluate': {
      const { runs, networks, baselines } = stage.with;
      return runs * networks.length * (1 + baselines.length);
    }
    case 'select':
    case 'report':
      return 1;
  }
}
