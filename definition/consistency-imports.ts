/**
 * @file Checks of a plan together with the results it takes from elsewhere, once these are known.
 */
import { checkInit } from './consistency-init.js';
import { checkMethod } from './consistency-mtt.js';
import { Issues } from './issues.js';
import type { Plan, PlannedStage } from './plan.js';

/**
 * Whether experts from elsewhere reach as far as they are to be matched, and selected images are as many as are
 * distilled from them.
 *
 * @throws DefinitionError
 */
export function checkImports(plan: Plan, imported: readonly PlannedStage[]): void {
  const issues = new Issues(plan.name);
  for (const stage of plan.stages) {
    if (stage.uses !== 'distill' || stage.late !== undefined) continue;
    checkInit(stage, imported, issues);
    const { method, trajectories } = stage.with;
    const experts = imported.find(({ id }) => id === trajectories?.stage);
    if (method.name === 'mtt' && experts?.uses === 'train-experts')
      checkMethod(method, experts, ['stages', stage.id, 'with', 'method'], issues);
  }
  issues.throwIfAny();
}
