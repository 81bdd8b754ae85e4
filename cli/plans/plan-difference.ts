/**
 * @file What another version of a definition changes: which stages would be computed again, and why. Stages are the
 * same when their identities are, whatever the definition says in which words.
 */
import { importSourceText } from '../../definition/imports.js';
import type { Plan, PlannedStage } from '../../definition/plan.js';
import { type ExpectedStage, expectedStages, standIn } from './expected-stages.js';

/** A value at a place; absent on the side that has none. */
export interface Difference {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

export interface StageDifference {
  readonly id: string;
  /**
   * - `same`: its result would be used again
   * - `recomputed`: it is another result
   * - `added`, `removed`: only one of the two has it
   */
  readonly kind: 'same' | 'recomputed' | 'added' | 'removed';
  /** Of its own: configuration, data, network, seed, type. */
  readonly differences: readonly Difference[];
  /** Stages before it that give it something else. */
  readonly because: readonly string[];
  /** How work is divided, repeated or limited, which changes no result. */
  readonly handling: readonly Difference[];
  /** The stage of the first plan that is the same work under another name. */
  readonly sameAs?: string;
}

export interface PlanDifference {
  readonly params: readonly Difference[];
  readonly stages: readonly StageDifference[];
}

export interface ComparedPlan {
  readonly plan: Plan;
  /** Digest of the definition's text, which a report shows. */
  readonly definition: string;
}

export async function planDifference(before: ComparedPlan, after: ComparedPlan): Promise<PlanDifference> {
  const [old, current] = await Promise.all([expected(before), expected(after)]);
  const oldById = new Map(old.map((stage) => [stage.stage.id, stage]));
  const oldByKey = new Map(old.map((stage) => [stage.key, stage.stage.id]));
  const taken = imports(before.plan, after.plan);
  const known = new Set([...taken.map(({ id }) => id), ...current.map(({ stage }) => stage.id)]);
  const isTaken = ({ stage }: ExpectedStage): boolean => taken.some(({ id }) => id === stage.id);
  return {
    params: differences(before.plan.params, after.plan.params),
    stages: [
      ...taken,
      ...current
        .filter((stage) => !isTaken(stage))
        .map((stage) => {
          const earlier = oldById.get(stage.stage.id);
          return earlier === undefined ? added(stage, oldByKey.get(stage.key)) : compared(earlier, stage);
        }),
      ...old.filter(({ stage }) => !known.has(stage.id)).map(({ stage }) => without(stage.id, 'removed')),
    ],
  };
}

/** Data sets are known by their names: what is behind them only the store knows. */
function expected({ plan, definition }: ComparedPlan): Promise<ExpectedStage[]> {
  return expectedStages(plan, {
    definition: standIn(definition),
    dataset: standIn(`data set ${plan.dataset.source}`),
  });
}

function without(id: string, kind: StageDifference['kind']): StageDifference {
  return { id, kind, differences: [], because: [], handling: [] };
}

function added({ stage }: ExpectedStage, sameAs: string | undefined): StageDifference {
  if (sameAs === undefined) return without(stage.id, 'added');
  return { ...without(stage.id, 'same'), sameAs };
}

function compared(before: ExpectedStage, after: ExpectedStage): StageDifference {
  const { id } = after.stage;
  const handling = differences(handlingOf(before.stage), handlingOf(after.stage));
  if (before.key === after.key) return { ...without(id, 'same'), handling };
  const names = new Set([...Object.keys(before.identity.inputs), ...Object.keys(after.identity.inputs)]);
  const changed = [...names].filter((name) => before.identity.inputs[name] !== after.identity.inputs[name]);
  const because = changed.flatMap((name) => after.sources[name] ?? before.sources[name] ?? []);
  const own = [
    ...differences(ownOf(before), ownOf(after)),
    ...(changed.includes('definition') ? [{ path: 'the text of the definition' }] : []),
  ];
  return { id, kind: 'recomputed', differences: own, because: [...new Set(because)], handling };
}

/** What makes the result, apart from inputs; paths as the definition has them. */
function ownOf({ identity, stage }: ExpectedStage): object {
  const { type, version, config, network, dataset, seed } = identity;
  const { manifest, limit, holdout, zca } = dataset;
  const own = { with: config, network, dataset: { source: manifest, limit, holdout, zca }, seed, version };
  return stage.uses === 'report' ? { type, with: config } : { type, ...own };
}

const identifying: ReadonlySet<string> = new Set(['id', 'uses', 'needs', 'with', 'late', 'matrix']);

function handlingOf(stage: PlannedStage): object {
  return Object.fromEntries(Object.entries(stage).filter(([name]) => !identifying.has(name)));
}

/** Stages that are taken from elsewhere before, after, or both. */
function imports(before: Plan, after: Plan): StageDifference[] {
  const origins = ({ imports: taken = [], stages }: Plan): Map<string, string> =>
    new Map([
      ...stages.map(({ id }) => [id, 'computed'] as const),
      ...taken.map(({ id, from }) => [id, importSourceText(from)] as const),
    ]);
  const [old, current] = [origins(before), origins(after)];
  const ids = [...(after.imports ?? []), ...(before.imports ?? [])].map(({ id }) => id);
  return [...new Set(ids)].map((id) => {
    const [was, is] = [old.get(id), current.get(id)];
    if (was === undefined) return without(id, 'added');
    if (is === undefined) return without(id, 'removed');
    if (was === is) return without(id, 'same');
    return { ...without(id, 'recomputed'), differences: [{ path: 'from', before: was, after: is }] };
  });
}

/** Every place at which two values differ, lists as a whole. */
export function differences(before: object, after: object): Difference[] {
  const old = flat(before);
  const current = flat(after);
  return [...new Set([...current.keys(), ...old.keys()])].flatMap((path) => {
    const [was, is] = [old.get(path), current.get(path)];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    return [{ path, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) }];
  });
}

/** Values by their path: `with.method.lrImg`. */
export function flat(value: object, prefix = ''): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [name, item] of Object.entries(value) as [string, unknown][]) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (typeof item === 'object' && item !== null && !Array.isArray(item))
      for (const [inner, leaf] of flat(item, path)) found.set(inner, leaf);
    else if (item !== undefined) found.set(path, item);
  }
  return found;
}
