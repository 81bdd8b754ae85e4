/**
 * @file The cells of a matrix beside each other: what each was measured to give, and what it took.
 */
import { networkLabel, networkName } from '../definition/network-names.js';
import type { CellValues, Scalar } from '../definition/matrix.js';
import type { Plan, PlannedStage } from '../definition/plan.js';
import type { EvaluationRow, StageOutput } from '../definition/stages.js';
import type { ReportInput } from './input.js';
import type { Picture } from './gallery.js';

/** One cell, with or without a result. */
export interface SweptCell {
  /** Id of the planned stage. */
  readonly id: string;
  readonly values: CellValues;
  /** The stage that made the images. */
  readonly source?: string;
  readonly ipc?: number;
  /** What was evaluated, on the network of the pipeline where that is among them. */
  readonly row?: EvaluationRow;
  /** As many random real images. */
  readonly random?: EvaluationRow;
  /** Of the chosen iteration, where nothing was evaluated. */
  readonly heldOut?: { readonly accuracy: number; readonly std: number; readonly runs: number };
  /** Of the stage, and of the one that made its images where that is a cell as well. */
  readonly seconds?: number;
  /** One of each class, of the first few; read for cells that are few. */
  readonly pictures?: readonly Picture[];
}

/** All cells of one stage of the definition. */
export interface Sweep {
  /** Id in the definition. */
  readonly stage: string;
  readonly uses: 'evaluate' | 'distill';
  readonly axes: readonly string[];
  readonly cells: readonly SweptCell[];
}

type Run = Pick<ReportInput, 'plan' | 'stages'>;

/**
 * The stages with a matrix that were measured: evaluations, and distillations whose cells nothing evaluates. A
 * matrix of one cell compares nothing.
 */
export function sweepsOf(run: Run): Sweep[] {
  const evaluated = matricesOf(run.plan, 'evaluate');
  const followed = new Set(
    [...evaluated.values()].flatMap((cells) =>
      cells.flatMap((cell) => (cell.uses === 'evaluate' ? [cell.with.dataset.stage] : [])),
    ),
  );
  const distilled = [...matricesOf(run.plan, 'distill')].filter(
    ([, cells]) => !cells.some(({ id }) => followed.has(id)),
  );
  return [
    ...[...evaluated].map(([stage, cells]) => sweepOf(stage, 'evaluate', cells, run)),
    ...distilled.map(([stage, cells]) => sweepOf(stage, 'distill', cells, run)),
  ].filter(({ cells }) => cells.length > 1);
}

function matricesOf({ stages }: Plan, uses: PlannedStage['uses']): Map<string, PlannedStage[]> {
  const found = new Map<string, PlannedStage[]>();
  for (const stage of stages) {
    if (stage.uses !== uses || stage.matrix === undefined) continue;
    const known = found.get(stage.matrix.of);
    if (known === undefined) found.set(stage.matrix.of, [stage]);
    else known.push(stage);
  }
  return found;
}

function sweepOf(stage: string, uses: Sweep['uses'], cells: readonly PlannedStage[], run: Run): Sweep {
  const byId = new Map(run.plan.stages.map((planned) => [planned.id, planned]));
  return {
    stage,
    uses,
    axes: Object.keys(cells[0]?.matrix?.cell ?? {}),
    cells: cells.map((cell) => sweptCell(cell, byId, run)),
  };
}

function sweptCell(
  cell: PlannedStage,
  byId: ReadonlyMap<string, PlannedStage>,
  { plan, stages }: Run,
): SweptCell {
  const source = cell.uses === 'evaluate' ? byId.get(cell.with.dataset.stage) : cell;
  const ipc = source?.uses === 'distill' || source?.uses === 'select' ? source.with.ipc : undefined;
  const reported = stages[cell.id];
  // What all cells share is no part of what one of them takes.
  const own = [cell.id, ...(source?.matrix !== undefined && source !== cell ? [source.id] : [])];
  const seconds = own.map((id) => stages[id]?.manifest?.seconds);
  return {
    id: cell.id,
    values: cell.matrix?.cell ?? {},
    ...(source && { source: source.id }),
    ...(ipc !== undefined && { ipc }),
    ...(reported && measured(reported.output, cell, plan)),
    ...(reported && seconds.every((value) => value !== undefined) && { seconds: sum(seconds) }),
  };
}

function measured(
  output: StageOutput,
  cell: PlannedStage,
  plan: Plan,
): Pick<SweptCell, 'row' | 'random' | 'heldOut'> {
  if (output.type === 'distill' && cell.uses === 'distill') {
    const heldOut = output.candidates.find(({ iteration }) => iteration === output.iteration);
    if (heldOut === undefined) return {};
    const { accuracy, std } = heldOut;
    return { heldOut: { accuracy, std, runs: cell.with.selection.runs } };
  }
  if (output.type !== 'evaluate') return {};
  const ownName = [networkName(plan.network), networkLabel(plan.network)];
  const of = (...sets: EvaluationRow['trainedOn'][]): EvaluationRow | undefined => {
    const rows = output.rows.filter(({ trainedOn }) => sets.includes(trainedOn));
    return rows.find(({ architecture }) => ownName.includes(architecture)) ?? rows[0];
  };
  const [row, random] = [of('distilled', 'selected'), of('random')];
  return { ...(row && { row }), ...(random && { random }) };
}

function sum(values: readonly (number | undefined)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

/** What a cell was measured to give, on whatever images. */
export function accuracyOf({
  row,
  heldOut,
}: SweptCell): { mean: number; std: number; runs: number } | undefined {
  if (row !== undefined) return { mean: row.mean, std: row.std, runs: row.accuracies.length };
  return heldOut && { mean: heldOut.accuracy, std: heldOut.std, runs: heldOut.runs };
}

/** Axes of numbers, with at least two of them. */
export function numericAxes({ axes, cells }: Sweep): string[] {
  return axes.filter((axis) => {
    const values = cells.map((cell) => cell.values[axis]);
    return values.every((value) => typeof value === 'number') && new Set<Scalar | undefined>(values).size > 1;
  });
}
