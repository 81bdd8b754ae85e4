/**
 * @file Which stages a run computes anew although their results are in the store.
 */
import type { Plan } from '../definition/plan.js';
import { listed } from '../definition/suggest.js';
import { finalFailure } from './failures.js';
import { directNeeds } from './upstream.js';

/**
 * The stages named and all that need them. A stage with a matrix stands for its cells.
 *
 * @throws ApplicationFailure `InvalidDefinition` for a name that no stage has
 */
export function recomputedStages(plan: Plan, named: readonly string[] = []): ReadonlySet<string> {
  const found = new Set<string>();
  const unknown = new Set(named);
  for (const stage of plan.stages) {
    const names = [stage.id, stage.id.replace(/\[.*$/, '')].filter((name) => named.includes(name));
    for (const name of names) unknown.delete(name);
    if (names.length > 0 || directNeeds(stage).some((id) => found.has(id))) found.add(stage.id);
  }
  const [missing] = unknown;
  if (missing === undefined) return found;
  const reason = plan.imports?.some(({ id }) => id === missing)
    ? `stage ${missing} is taken from another run`
    : `there is no stage ${missing}; there are ${listed(plan.stages.map(({ id }) => id))}`;
  throw finalFailure('InvalidDefinition', `cannot recompute: ${reason}`);
}
