/**
 * @file The cells of a matrix as one line of a table.
 */
import type { Plan, PlannedStage, StageEstimate, StageSummary } from '../../definition/index.js';

/** A stage of the definition with its planned stages: itself, or its cells. */
export interface PlannedGroup {
  readonly id: string;
  readonly stages: readonly PlannedStage[];
  /** For example `distill (3 cells)`. */
  readonly title: string;
}

export function groupsOf({ stages }: Pick<Plan, 'stages'>): PlannedGroup[] {
  const groups = new Map<string, PlannedStage[]>();
  for (const stage of stages) {
    const id = stage.matrix?.of ?? stage.id;
    const known = groups.get(id);
    if (known === undefined) groups.set(id, [stage]);
    else known.push(stage);
  }
  return [...groups].map(([id, own]) => ({ id, stages: own, title: titleOf(id, own) }));
}

function titleOf(id: string, [first, ...others]: readonly PlannedStage[]): string {
  if (first?.matrix === undefined) return id;
  const cells = others.length + 1;
  return `${id} (${cells.toLocaleString('en')} ${cells === 1 ? 'cell' : 'cells'})`;
}

/** The work of all cells together; needs by the ids of the definition. */
export function sumSummaries(
  group: PlannedGroup,
  summaries: ReadonlyMap<string, StageSummary>,
): StageSummary[] {
  const own = group.stages.flatMap(({ id }) => summaries.get(id) ?? []);
  const [first] = own;
  const [planned] = group.stages;
  if (first === undefined || planned === undefined) return own;
  // The ids of the definition, not those of cells.
  const needs = [...new Set(own.flatMap((one) => one.needs.map((need) => need.replace(/\[.*$/, ''))))];
  if (planned.matrix === undefined) return [{ ...first, needs }];
  const sum = (of: 'units' | 'sgdSteps' | 'storedBytes') =>
    own.every((one) => one[of] !== undefined)
      ? { [of]: own.reduce((all, one) => all + (one[of] ?? 0), 0) }
      : {};
  const { uses, unitName } = first;
  const knownAfter = knownAfterOf(own);
  const widest = Math.max(...own.map(({ parallel = 0 }) => parallel));
  return [
    {
      id: group.title,
      uses,
      unitName,
      needs,
      ...(knownAfter.length > 0
        ? { knownAfter }
        : { ...sum('units'), parallel: Math.min(planned.maxParallel, own.length) * widest }),
      ...sum('sgdSteps'),
      ...sum('storedBytes'),
    },
  ];
}

/** By the ids of the definition. */
function knownAfterOf(cells: readonly Pick<StageSummary, 'knownAfter'>[]): string[] {
  const ids = cells.flatMap(({ knownAfter = [] }) => knownAfter.map((id) => id.replace(/\[.*$/, '')));
  return [...new Set(ids)];
}

/** All cells together; memory is that of the largest. */
export function sumEstimates(
  group: PlannedGroup,
  estimates: ReadonlyMap<string, StageEstimate>,
): StageEstimate[] {
  const own = group.stages.flatMap(({ id }) => estimates.get(id) ?? []);
  const [first] = own;
  if (first === undefined || group.stages[0]?.matrix === undefined) return own;
  const largest = own.reduce((most, one) => (one.processBytes > most.processBytes ? one : most), first);
  const { fits, advice, processBytes } = largest;
  const knownAfter = knownAfterOf(own);
  return [
    {
      id: group.title,
      ...(knownAfter.length > 0 && { knownAfter }),
      flops: own.reduce((sum, { flops }) => sum + flops, 0),
      processBytes,
      ...(fits !== undefined && { fits }),
      ...(advice !== undefined && { advice }),
      ...(own.every(({ seconds }) => seconds !== undefined) && {
        seconds: own.reduce((sum, { seconds = 0 }) => sum + seconds, 0),
      }),
    },
  ];
}
