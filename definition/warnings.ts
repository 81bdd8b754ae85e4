/**
 * @file What is permitted but probably not meant.
 */
import { knownDataset, type KnownDataset, knownDatasets } from './builtin-datasets.js';
import { type Issues, shown } from './issues.js';
import type { Plan, PlannedStage } from './plan.js';
import { didYouMean } from './suggest.js';

/** @param dataset as it is in a store, where that is known */
export function warningsOf(
  plan: Plan,
  usedParameters: ReadonlySet<string>,
  dataset: KnownDataset | undefined,
  issues: Issues,
): string[] {
  const warnings: string[] = [];
  for (const name of Object.keys(plan.params)) {
    if (!usedParameters.has(name))
      warnings.push(
        issues.describe(['params', name], `the parameter ${shown(name)} is never used`, { part: 'key' }),
      );
  }
  const { source } = plan.dataset;
  const hint = (dataset ?? knownDataset(source)) === undefined ? didYouMean(source, knownDatasets) : '';
  if (hint !== '')
    warnings.push(
      issues.describe(['dataset'], `${shown(source)} must be the name of a data set in the store${hint}`),
    );
  const used = new Set<string>();
  for (const stage of plan.stages) {
    if ((stage.uses === 'distill' || stage.uses === 'select') && stage.with.trajectories)
      used.add(stage.with.trajectories.stage);
    if (stage.uses === 'distill' && typeof stage.with.init !== 'string') used.add(stage.with.init.stage);
    if (stage.uses === 'evaluate') used.add(stage.with.dataset.stage);
    for (const id of Object.values(stage.late?.stages ?? {})) used.add(id);
    if (stage.uses === 'custom') for (const { stage: id } of Object.values(stage.inputs)) used.add(id);
    if (stage.uses === 'report') for (const id of stage.needs) used.add(id);
  }
  const all: readonly Pick<PlannedStage, 'id' | 'uses' | 'matrix'>[] = [
    ...(plan.imports ?? []),
    ...plan.stages,
  ];
  // What a custom stage does may be its purpose.
  const ends: ReadonlySet<PlannedStage['uses']> = new Set(['report', 'evaluate', 'custom']);
  const unused = all.filter(({ id, uses }) => !ends.has(uses) && !used.has(id));
  const names = new Set(unused.map(({ id, matrix }) => (matrix === undefined ? id : matrix.of)));
  for (const name of names) {
    const [first, ...others] = unused.filter(({ id, matrix }) => (matrix?.of ?? id) === name);
    if (first === undefined) continue;
    const more = others.length === 0 ? '' : ` and ${others.length} other cells`;
    const what = `nothing uses what the stage ${shown(first.id)}${more} produces`;
    warnings.push(issues.describe(['stages', first.id], what, { part: 'key' }));
  }
  return warnings;
}
