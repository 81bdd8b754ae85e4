/**
 * @file A plan as a definition that says all of it: compiled, it must give the plan again.
 */
import { isDeepStrictEqual } from 'node:util';
import { importSourceText } from '../../../definition/index.js';
import { maximumStages, maximumValues } from '../../../definition/limits.js';
import type {
  EvaluateConfig,
  OutputRef,
  Plan,
  PlannedStage,
  StageResources,
} from '../../../definition/index.js';

/**
 * Also renames stages: cells of a matrix have ids that a definition cannot write. Undefined where a condition
 * would have to be rewritten for that, and where the definition would be larger than one may be.
 */
export function redefine(plan: Plan): { definition: object; expected: Plan } | undefined {
  const hasCells = plan.stages.some(({ matrix }) => matrix !== undefined);
  if (hasCells && plan.stages.some(({ when }) => when !== undefined)) return undefined;
  const ids = new Map(plan.stages.map(({ id }, index) => [id, id.includes('[') ? `cell-${index}` : id]));
  const stages = plan.stages.map((stage) => renamed(stage, (id) => ids.get(id) ?? id));
  const expected: Plan = { ...plan, params: {}, stages };
  const imports = (plan.imports ?? []).map(({ id, uses, from }): [string, object] => [
    id,
    { uses, from: literal(importSourceText(from)) },
  ]);
  const computed = stages.map((stage): [string, object] => [stage.id, definitionOf(stage, plan)]);
  const definition = {
    name: plan.name,
    seed: plan.seed,
    dataset: plan.dataset,
    network: literal(plan.network),
    stages: Object.fromEntries([...imports, ...computed]),
  };
  const isTooLarge = stages.length > maximumStages || valuesIn(definition) > maximumValues;
  return isTooLarge ? undefined : { expected, definition };
}

function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + valuesIn(inner), 1);
}

function definitionOf(stage: PlannedStage, plan: Plan): object {
  const { uses, needs, maxParallel, retry, onFailure, cache, when, resources, priority } = stage;
  return {
    uses,
    needs,
    maxParallel,
    retry: {
      failures: retry.failures,
      preemptions: retry.preemptions ?? 'unlimited',
      backoff: retry.backoffSeconds,
    },
    timeout: stage.timeoutSeconds,
    stallTimeout: stage.stallTimeoutSeconds,
    heartbeatTimeout: stage.heartbeatTimeoutSeconds,
    onFailure,
    cache,
    ...(stage.uses === 'distill' && { chunk: { iterations: stage.chunkIterations } }),
    ...(when !== undefined && { when: when === false ? when : `\${{ ${when.condition} }}` }),
    ...(resources && { resources: resourcesOf(resources) }),
    ...(priority !== undefined && { priority }),
    with: stage.uses === 'evaluate' ? evaluation(stage.with, plan) : literal(stage.with),
  };
}

function resourcesOf({ taskQueue, memoryBytes, gpu }: StageResources): object {
  return {
    ...(taskQueue !== undefined && { taskQueue }),
    ...(memoryBytes !== undefined && { memory: `${memoryBytes / 2 ** 20}MiB` }),
    ...(gpu && { gpu: 1 }),
  };
}

function evaluation({ full, ...config }: EvaluateConfig, { network }: Plan): unknown {
  if (full === undefined) return literal(config);
  const { networks, ...training } = full;
  const retrain = networks.some((other) => isDeepStrictEqual(other, network));
  return literal({ ...config, full: { ...training, retrain } });
}

/** References as expressions, and texts such that nothing in them is one. */
function literal(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('${{', "${{ '${{' }}");
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(literal);
  if (isReference(value)) return `\${{ stages.${value.stage}.${value.output} }}`;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, literal(item)]));
}

function renamed(stage: PlannedStage, nameOf: (id: string) => string): PlannedStage {
  const reference = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && isReference(value)
      ? { ...value, stage: nameOf(value.stage) }
      : value;
  const config = Object.fromEntries(
    Object.entries(stage.with).map(([key, value]) => [key, reference(value)]),
  );
  const changed = { ...stage, id: nameOf(stage.id), needs: stage.needs.map(nameOf), with: config };
  // Which cell it is, no definition can say of a stage without a matrix.
  delete changed.matrix;
  return changed as PlannedStage;
}

function isReference(value: object): value is OutputRef {
  return 'stage' in value && 'output' in value && Object.keys(value).length === 2;
}
