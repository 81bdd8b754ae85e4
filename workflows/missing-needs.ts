/**
 * @file Whether a stage can begin: what it needs is compared with what has a result.
 */
import type { Plan, PlannedStage } from '../definition/plan.js';
import type { Ending } from './stage-walk.js';

/** So many cells are named. */
const named = 3;

export interface MissingNeeds {
  readonly reason: string;
  /** How the walk to the stage ends with it. */
  readonly ending: Ending;
}

/**
 * Why the stage cannot begin; undefined when it can. A report does without what was left out, anything else
 * needs every stage that the plan says, every expected cell of a matrix included.
 */
export function missingNeeds(
  plan: Plan,
  stage: PlannedStage,
  needs: readonly string[],
  endings: readonly (Ending | undefined)[],
): MissingNeeds | undefined {
  const lacking = needs.filter((_, index) => endings[index] !== 'result');
  const missing = needs.filter((_, index) => endings[index] === 'missing' || endings[index] === undefined);
  if (lacking.length === 0 || (stage.uses === 'report' && missing.length === 0)) return undefined;
  const ending = missing.length > 0 ? 'missing' : 'left-out';
  return { reason: reasonOf(plan, needs, missing.length > 0 ? missing : lacking), ending };
}

function reasonOf({ stages }: Plan, needs: readonly string[], lacking: readonly string[]): string {
  const wanted = new Set(needs);
  const [of] = stages.flatMap(({ id, matrix }) => (lacking.includes(id) && matrix ? [matrix.of] : []));
  if (of === undefined) return 'a stage it needs has no result';
  const cells = stages.filter(({ id, matrix }) => matrix?.of === of && wanted.has(id)).map(({ id }) => id);
  const without = cells.filter((id) => lacking.includes(id));
  const more = without.length > named ? ` and ${without.length - named} more` : '';
  return `${without.length} of the ${cells.length} cells of ${of} that it needs have no result: ${without.slice(0, named).join(', ')}${more}`;
}
