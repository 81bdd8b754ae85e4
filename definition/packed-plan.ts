/**
 * @file A plan as small as it can be said. The cells of a matrix differ in little, and a plan is a message, of
 * which Temporal limits the size: of each matrix one cell is written out, the others say what they change.
 */
import { isMapping } from './mapping.js';
import type { Plan, PlannedStage } from './plan.js';

/** A value at a place of a stage that differs from the stage it is like; nothing is there without a value. */
type Change = readonly [place: readonly string[], value?: unknown];

interface PackedCell {
  /** Index of the stage it is like. */
  readonly like: number;
  readonly changes: readonly Change[];
}

export interface PackedPlan extends Omit<Plan, 'stages'> {
  readonly packed: readonly (PlannedStage | PackedCell)[];
}

/** The plan itself where it has no matrix. */
export function packPlan(plan: Plan): Plan | PackedPlan {
  if (plan.stages.every(({ matrix }) => matrix === undefined)) return plan;
  const { stages, ...rest } = plan;
  const firsts = new Map<string, number>();
  const packed = stages.map((stage, index): PlannedStage | PackedCell => {
    if (stage.matrix === undefined) return stage;
    const like = firsts.get(stage.matrix.of);
    const model = like === undefined ? undefined : stages[like];
    if (like === undefined || model === undefined) {
      firsts.set(stage.matrix.of, index);
      return stage;
    }
    return { like, changes: changesOf(model, stage, []) };
  });
  return { ...rest, packed };
}

export function unpackPlan(plan: Plan | PackedPlan): Plan {
  if (!('packed' in plan)) return plan;
  const { packed, ...rest } = plan;
  const stages = packed.map((entry) => {
    if (!('like' in entry)) return entry;
    const model = packed[entry.like];
    if (model === undefined || 'like' in model) throw new RangeError('a cell is like no stage');
    // What was packed was a planned stage, and nothing else is made of it again.
    return entry.changes.reduce(apply, model) as PlannedStage;
  });
  return { ...rest, stages };
}

function changesOf(from: object, to: object, place: readonly string[]): Change[] {
  const before = new Map<string, unknown>(Object.entries(from));
  const after = new Map<string, unknown>(Object.entries(to));
  const names = [...new Set([...after.keys(), ...before.keys()])];
  return names.flatMap((name): Change[] => {
    const [old, value] = [before.get(name), after.get(name)];
    const here = [...place, name];
    if (value === undefined) return old === undefined ? [] : [[here]];
    if (isMapping(old) && isMapping(value)) return changesOf(old, value, here);
    return JSON.stringify(old) === JSON.stringify(value) ? [] : [[here, value]];
  });
}

function apply(target: object, [place, value]: Change): object {
  const [name, ...deeper] = place;
  if (name === undefined) return target;
  const entries = new Map<string, unknown>(Object.entries(target));
  const inside = entries.get(name);
  const next = deeper.length > 0 && isMapping(inside) ? apply(inside, [deeper, value]) : value;
  if (next === undefined) entries.delete(name);
  else entries.set(name, next);
  return Object.fromEntries(entries);
}
