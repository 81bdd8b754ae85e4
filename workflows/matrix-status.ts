/**
 * @file Cells counted: a matrix may have a thousand of them.
 */
import type { MatrixStatus, StageState, StageStatus } from '../definition/stages.js';

/** In the order in which they are told. */
const states: readonly StageState[] = [
  'finished',
  'cached',
  'running',
  'paused',
  'failed',
  'cancelled',
  'skipped',
  'waiting',
];

/** One entry for each stage with a matrix, in the order of the plan. */
export function matrixStatuses(stages: Iterable<StageStatus>): MatrixStatus[] {
  const cells = new Map<string, StageStatus[]>();
  for (const stage of stages) {
    if (stage.matrix === undefined) continue;
    const known = cells.get(stage.matrix.of);
    if (known === undefined) cells.set(stage.matrix.of, [stage]);
    else known.push(stage);
  }
  return [...cells].map(([id, own]) => statusOf(id, own));
}

function statusOf(id: string, cells: readonly StageStatus[]): MatrixStatus {
  const counts: Partial<Record<StageState, number>> = {};
  const needs = new Set<string>();
  let [preemptions, failures, ended] = [0, 0, 0];
  let startedAt: string | undefined;
  let finishedAt: string | undefined;
  for (const cell of cells) {
    counts[cell.state] = (counts[cell.state] ?? 0) + 1;
    // Without the values of a cell: the stages of the definition.
    for (const need of cell.needs) {
      const at = need.indexOf('[');
      needs.add(at < 0 ? need : need.slice(0, at));
    }
    preemptions += cell.preemptions;
    failures += cell.failures;
    if (cell.startedAt !== undefined && (startedAt === undefined || cell.startedAt < startedAt))
      startedAt = cell.startedAt;
    if (cell.finishedAt === undefined) continue;
    ended += 1;
    if (finishedAt === undefined || cell.finishedAt > finishedAt) finishedAt = cell.finishedAt;
  }
  return {
    id,
    type: cells[0]?.type ?? 'report',
    needs: [...needs],
    cells: cells.length,
    states: counts,
    preemptions,
    failures,
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && ended === cells.length && { finishedAt }),
  };
}

/** For example `7 finished, 2 running, 1 failed`. */
export function stateWords({ states: counts }: Pick<MatrixStatus, 'states'>): string {
  return states.flatMap((state) => (counts[state] ? [`${counts[state]} ${state}`] : [])).join(', ');
}
