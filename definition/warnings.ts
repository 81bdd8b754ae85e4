/**
 * @file What is permitted but probably not meant.
 */
import { type Issues, shown } from './issues.js';
import type { Plan } from './plan.js';

export function warningsOf(plan: Plan, usedParameters: ReadonlySet<string>, issues: Issues): string[] {
  const warnings: string[] = [];
  for (const name of Object.keys(plan.params)) {
    if (!usedParameters.has(name))
      warnings.push(
        issues.describe(['params', name], `the parameter ${shown(name)} is never used`, { part: 'key' }),
      );
  }
  const used = new Set<string>();
  for (const stage of plan.stages) {
    if ((stage.uses === 'distill' || stage.uses === 'select') && stage.with.trajectories)
      used.add(stage.with.trajectories.stage);
    if (stage.uses === 'evaluate') used.add(stage.with.dataset.stage);
    if (stage.uses === 'report') for (const id of stage.needs) used.add(id);
  }
  for (const { id, uses } of [...(plan.imports ?? []), ...plan.stages]) {
    if (uses === 'report' || uses === 'evaluate' || used.has(id)) continue;
    warnings.push(
      issues.describe(['stages', id], `nothing uses what the stage ${shown(id)} produces`, { part: 'key' }),
    );
  }
  return warnings;
}
