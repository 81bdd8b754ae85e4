/**
 * @file Which stages a picture of a run shows: a matrix is one row, with those of its cells below it that run or
 * have failed.
 */
import type { MatrixStatus, StageState } from '../../definition/stages.js';
import type { RunView, StageView } from './view.js';

export interface MatrixRow {
  readonly matrix: MatrixStatus;
  /** Cells that run or have failed, the latter first; at most a few of either. */
  readonly cells: readonly StageView[];
  /** Cells of these states that are not shown. */
  readonly hidden: number;
}

export type Row = StageView | MatrixRow;

const mostFailed = 6;
const mostRunning = 4;

export function isMatrix(row: Row): row is MatrixRow {
  return 'matrix' in row && 'cells' in row;
}

/** In the order of the plan; a report comes last where the place of a matrix is not known. */
export function rowsOf({ stages, matrices = [] }: RunView): Row[] {
  const left = new Map(matrices.map((matrix) => [matrix.id, matrix]));
  const rows: Row[] = [];
  for (const stage of stages) {
    if (stage.matrix === undefined) {
      if (stage.type === 'report') rows.push(...[...left.values()].filter(isHidden).map(take));
      rows.push(stage);
      continue;
    }
    const matrix = left.get(stage.matrix.of);
    if (matrix !== undefined) rows.push(take(matrix));
  }
  return [...rows, ...[...left.values()].map(take)];

  function take(matrix: MatrixStatus): MatrixRow {
    left.delete(matrix.id);
    const own = stages.filter((stage) => stage.matrix?.of === matrix.id);
    const failed = own.filter(({ state }) => state === 'failed');
    const running = own.filter(({ state }) => state === 'running' || state === 'paused');
    const cells = [...failed.slice(0, mostFailed), ...running.slice(0, mostRunning)];
    return { matrix, cells, hidden: failed.length + running.length - cells.length };
  }

  /** None of its cells is named. */
  function isHidden({ id }: MatrixStatus): boolean {
    return !stages.some(({ matrix }) => matrix?.of === id);
  }
}

/** The state that stands for all cells. */
export function stateOf({ states, cells }: MatrixStatus): StageState {
  const count = (state: StageState): number => states[state] ?? 0;
  if (count('running') > 0) return 'running';
  if (count('paused') > 0) return 'paused';
  if (count('failed') > 0) return 'failed';
  if (count('cancelled') > 0) return 'cancelled';
  if (count('cached') === cells) return 'cached';
  if (count('skipped') === cells) return 'skipped';
  return count('waiting') === 0 ? 'finished' : count('waiting') === cells ? 'waiting' : 'running';
}

/** Cells that have ended, however they did. */
export function endedCells({ states, cells }: MatrixStatus): number {
  return cells - (states.waiting ?? 0) - (states.running ?? 0) - (states.paused ?? 0);
}
