/**
 * @file A plan as boxes and arrows: one box for a stage, or for all cells of one with a matrix, and only those arrows
 * that no way round already says.
 */
import { describePlan } from '../../definition/cost.js';
import { usesOf } from '../../definition/custom-stages.js';
import { importSourceText } from '../../definition/imports.js';
import type { Plan } from '../../definition/plan.js';
import type { StageState, StageStatus } from '../../definition/stages.js';
import { directNeeds } from '../../workflows/upstream.js';

export interface StageBox {
  readonly id: string;
  /** Type of the stage, and how much work it is. */
  readonly detail: string;
  /** More than one where the stage has a matrix. */
  readonly cells: number;
  readonly isImported: boolean;
  /** Of a run: the state of the stage, of several cells the one that matters most. */
  readonly state?: StageState;
  /** Of a run: cells that have a result. */
  readonly done?: number;
}

export interface StageBoxes {
  readonly boxes: readonly StageBox[];
  /** Ids of boxes, from what is needed to what needs it. */
  readonly arrows: readonly (readonly [string, string])[];
}

/** Of the states of cells, the one a reader wants to know of. */
const urgency: readonly StageState[] = [
  'failed',
  'running',
  'paused',
  'cancelled',
  'waiting',
  'skipped',
  'finished',
  'cached',
];

export function stageBoxes(
  plan: Plan,
  statuses: readonly Pick<StageStatus, 'id' | 'state'>[] = [],
): StageBoxes {
  const states = new Map(statuses.map(({ id, state }) => [id, state]));
  const summaries = new Map(describePlan(plan).stages.map((summary) => [summary.id, summary]));
  const types = new Map(plan.stages.map((stage) => [stage.id, usesOf(stage)]));
  const cells = new Map<string, string[]>();
  const needs = new Map<string, Set<string>>();
  for (const stage of plan.stages) {
    const id = boxOf(stage.id);
    cells.set(id, [...(cells.get(id) ?? []), stage.id]);
    const all = needs.get(id) ?? new Set();
    for (const need of directNeeds(stage)) if (boxOf(need) !== id) all.add(boxOf(need));
    needs.set(id, all);
  }
  const imported = (plan.imports ?? []).map(({ id, uses, from }): StageBox => ({
    id,
    detail: `${uses} from ${importSourceText(from)}`,
    cells: 1,
    isImported: true,
    ...stateOf([id], states),
  }));
  const computed = [...cells].map(([id, ids]): StageBox => {
    const summary = summaries.get(ids[0] ?? id);
    const units = summary === undefined ? '' : unitText(summary.units, summary.unitName);
    return {
      id,
      detail: [types.get(ids[0] ?? id) ?? '', units].filter((word) => word !== '').join(', '),
      cells: ids.length,
      isImported: false,
      ...stateOf(ids, states),
    };
  });
  const boxes = [...imported, ...computed];
  return { boxes, arrows: withoutShortcuts(boxes, needs) };
}

/** The stage as the definition has it. */
function boxOf(id: string): string {
  return id.replace(/\[.*$/, '');
}

function unitText(units: number | undefined, name: string): string {
  // One report is no news, and what is not known is none.
  if (units === undefined || units === 1) return '';
  return `${units.toLocaleString('en')} ${name}`;
}

function stateOf(
  ids: readonly string[],
  states: ReadonlyMap<string, StageState>,
): Pick<StageBox, 'state' | 'done'> {
  const known = ids.flatMap((id) => states.get(id) ?? []);
  const state = urgency.find((candidate) => known.includes(candidate));
  if (state === undefined) return {};
  return { state, done: known.filter((each) => each === 'finished' || each === 'cached').length };
}

/** Leaves out what follows from other arrows: a report needs everything, but is drawn after the last of it. */
function withoutShortcuts(
  boxes: readonly StageBox[],
  needs: ReadonlyMap<string, ReadonlySet<string>>,
): [string, string][] {
  const before = new Map<string, ReadonlySet<string>>();
  const allBefore = (id: string): ReadonlySet<string> => {
    const known = before.get(id);
    if (known !== undefined) return known;
    const found = new Set<string>();
    before.set(id, found);
    for (const need of needs.get(id) ?? []) {
      found.add(need);
      for (const far of allBefore(need)) found.add(far);
    }
    return found;
  };
  return boxes.flatMap(({ id }) => {
    const direct = [...(needs.get(id) ?? [])];
    return direct
      .filter((need) => !direct.some((other) => other !== need && allBefore(other).has(need)))
      .map((need): [string, string] => [need, id]);
  });
}
