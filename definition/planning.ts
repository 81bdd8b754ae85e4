/**
 * @file From a checked definition to the plan: short forms written out, stages in order.
 */
import type { NetworkSpec } from '../networks/spec.js';
import { divideConfig, signatureOf, type StageTypes } from './custom-stages.js';
import { OpenExpression, type StageReference } from './expressions.js';
import type { StageGraph } from './graph.js';
import { type LateByStage, planLate } from './late-settings.js';
import type { Cells } from './matrix.js';
import type {
  DatasetSpec,
  DistillConfig,
  EvaluateConfig,
  FullTrainingConfig,
  OutputRef,
  Plan,
  PlannedStage,
  PlannedStageBase,
  RetryBudget,
  SelectConfig,
  StageResources,
  TrainExpertsConfig,
} from './plan.js';
import { sameNetwork } from './network-names.js';
import { planMethod } from './planning-methods.js';
import { defaultFullTraining } from './schema-full.js';
import type { Definition, StageDefinition } from './schema.js';
import { parseMemory } from './schema-resources.js';
import type { ImportedStages } from './schema-imports.js';

type With<Type extends BuiltinDefinition['uses']> = Extract<BuiltinDefinition, { uses: Type }>['with'];
type BuiltinDefinition = Exclude<StageDefinition, { uses: `custom/${string}` }>;

const defaultHoldout = 2000;

/** Of a planned stage what its result follows from. */
export type PlannedWork = Work<PlannedStage>;
type Work<Stage extends PlannedStage> = Stage extends PlannedStage
  ? Omit<Stage, keyof PlannedStageBase>
  : never;

/** The stage of a reference: a cell, where it is written as the id of a stage with a matrix. */
type PlanReference = (reference: StageReference) => OutputRef;

export function makePlan(
  definition: Definition,
  imported: ImportedStages,
  late: LateByStage,
  graph: StageGraph,
  cells: Cells,
  params: Plan['params'],
  types: StageTypes,
): Plan {
  const network = planNetwork(definition.network);
  const imports = Object.entries(imported).map(([id, stage]) => ({ id, ...stage }));
  const all = { ...imported, ...definition.stages };
  const planReference: PlanReference = (reference) => ({
    stage: graph.targets.get(reference) ?? reference.stage,
    output: reference.output,
  });
  return {
    name: definition.name,
    ...(definition.tags && { tags: textsOf(definition.tags) }),
    seed: definition.seed,
    params,
    dataset: planDataset(definition.dataset),
    network,
    stages: graph.order.flatMap((id) => {
      const stage = definition.stages[id];
      if (stage === undefined) return [];
      const cell = cells.get(id);
      const afterExperts = stage.uses === 'evaluate' && comesAfter(id, 'train-experts', all, graph);
      const settings = late.get(id);
      return [
        planStage(
          {
            id,
            ...(cell && { matrix: { of: cell.of, cell: cell.values } }),
            needs: graph.needs.get(id) ?? [],
            ...planCondition(stage.when, graph.conditions.get(id) ?? {}),
            ...(settings && {
              late: {
                ...planLate(stage.with, settings, planReference, graph.late.get(id) ?? {}),
                ...(afterExperts && { afterExperts }),
              },
            }),
          },
          stage,
          { network, planReference, types, afterExperts },
        ),
      ];
    }),
    ...(imports.length > 0 && { imports }),
  };
}

/** Whether a stage of that type comes before the stage, directly or through others, from this run or another. */
function comesAfter(
  id: string,
  uses: StageDefinition['uses'],
  stages: Readonly<Record<string, { readonly uses: StageDefinition['uses'] }>>,
  { needs }: StageGraph,
): boolean {
  // A set takes what is added while it is walked.
  const before = new Set(needs.get(id));
  for (const other of before) {
    if (stages[other]?.uses === uses) return true;
    for (const next of needs.get(other) ?? []) before.add(next);
  }
  return false;
}

function textsOf(tags: NonNullable<Definition['tags']>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, String(value)]));
}

function planDataset(dataset: Definition['dataset']): DatasetSpec {
  if (typeof dataset === 'string') return { source: dataset, holdout: defaultHoldout };
  const { source, limit, holdout, zca } = dataset;
  return { source, ...(limit === undefined ? {} : { limit }), holdout, ...(zca ? { zca } : {}) };
}

/** A name alone is the pipeline's own network where that has the name, else the one with the paper's options. */
function planNetwork(network: Definition['network'], own?: NetworkSpec): NetworkSpec {
  if (typeof network !== 'string') return network;
  return own?.architecture === network ? own : networkByName(network);
}

function networkByName(architecture: Extract<Definition['network'], string>): NetworkSpec {
  switch (architecture) {
    case 'ConvNet':
      return { architecture, depth: 3, width: 128, norm: 'instance', pool: 'avg', act: 'relu' };
    case 'VGG11':
    case 'ResNet18':
    case 'ResNet18_AP':
      return { architecture, norm: 'instance' };
    case 'MLP':
    case 'LeNet':
    case 'AlexNet':
      return { architecture };
  }
}

/** What planning a stage needs to know beside it. */
interface Known {
  readonly network: NetworkSpec;
  readonly planReference: PlanReference;
  readonly types: StageTypes;
  /** Of an evaluate stage: whether experts come before it. */
  readonly afterExperts: boolean;
}

function planStage(
  place: Pick<PlannedStage, 'id' | 'matrix' | 'needs' | 'when' | 'late'>,
  stage: StageDefinition,
  known: Known,
): PlannedStage {
  const { failures, preemptions, backoff } = stage.retry;
  const retry: RetryBudget = {
    failures,
    preemptions: preemptions === 'unlimited' ? null : preemptions,
    backoffSeconds: backoff,
  };
  const base = {
    ...place,
    maxParallel: stage.maxParallel,
    retry,
    timeoutSeconds: stage.timeout,
    stallTimeoutSeconds: stage.stallTimeout,
    heartbeatTimeoutSeconds: stage.heartbeatTimeout,
    onFailure: stage.onFailure,
    cache: stage.cache,
    ...planResources(stage.resources),
    ...(stage.priority !== undefined && { priority: stage.priority }),
    ...(stage.tags && { tags: textsOf(stage.tags) }),
  };
  return { ...base, ...planWork(stage, known) };
}

/** What a stage computes. */
export function planWork(
  stage: StageDefinition,
  { network, planReference, types, afterExperts }: Known,
): PlannedWork {
  switch (stage.uses) {
    case 'train-experts':
      return { uses: stage.uses, with: planExperts(stage.with) };
    case 'distill':
      return {
        uses: stage.uses,
        with: planDistill(stage.with, planReference),
        chunkIterations: stage.chunk.iterations,
      };
    case 'select':
      return { uses: stage.uses, with: planSelect(stage.with, planReference) };
    case 'evaluate':
      return { uses: stage.uses, with: planEvaluate(stage.with, network, planReference, afterExperts) };
    case 'report':
      return { uses: stage.uses, with: stage.with.title === undefined ? {} : { title: stage.with.title } };
    default: {
      const type = signatureOf(stage.uses, types);
      if (type === undefined) throw new RangeError(`no type of stage ${stage.uses}`);
      const { config, inputs } = divideConfig(stage.with, planReference);
      return {
        uses: 'custom',
        type: type.name,
        version: type.version,
        ...(type.runs === 'compute' && { runs: type.runs }),
        with: config,
        inputs,
      };
    }
  }
}

/** What is known to hold is no condition any more. */
function planCondition(
  when: StageDefinition['when'],
  stages: Readonly<Record<string, string>>,
): Pick<PlannedStage, 'when'> {
  if (when instanceof OpenExpression) return { when: { condition: when.text, stages: { ...stages } } };
  return when === false ? { when } : {};
}

function planResources(resources: StageDefinition['resources']): Pick<PlannedStage, 'resources'> {
  if (resources === undefined) return {};
  const { taskQueue, memory, gpu } = resources;
  const asked: StageResources = {
    ...(taskQueue !== undefined && { taskQueue }),
    ...(memory !== undefined && { memoryBytes: parseMemory(memory) }),
    ...(gpu === 1 && { gpu: true }),
  };
  return Object.keys(asked).length === 0 ? {} : { resources: asked };
}

/** What is stored as by default is left out, so that experts keep their names. */
function planExperts(config: With<'train-experts'>): TrainExpertsConfig {
  const { precision, keepEpochs, ...rest } = config;
  const everything =
    keepEpochs === 'all' || (!Array.isArray(keepEpochs) && keepEpochs.every === 1) ? undefined : keepEpochs;
  return {
    ...rest,
    ...(precision === 'fp16-delta' && { precision }),
    ...(everything && { keepEpochs: everything }),
  };
}

function planDistill(config: With<'distill'>, planReference: PlanReference): DistillConfig {
  const { trajectories, method, ipc, iterations, init, augmentation, selection } = config;
  return {
    ...(trajectories && { trajectories: planReference(trajectories) }),
    method: planMethod(method, ipc),
    ipc,
    iterations,
    init: typeof init === 'string' ? init : planReference(init),
    augmentation,
    selection: {
      every: selection.every ?? candidateSpacing(iterations),
      runs: selection.runs,
      epochs: selection.epochs,
    },
  };
}

function planSelect({ trajectories, ...config }: With<'select'>, planReference: PlanReference): SelectConfig {
  return trajectories === undefined ? config : { ...config, trajectories: planReference(trajectories) };
}

/** About five candidates, but not so close that judging them takes longer than distilling them. */
function candidateSpacing(iterations: number): number {
  return Math.min(iterations, Math.max(50, Math.ceil(iterations / 5)));
}

/** Which networks the paper tries distilled images on. */
const crossArchitecture = ['ConvNet', 'ResNet18', 'VGG11', 'AlexNet'] as const;

function planNetworks(networks: With<'evaluate'>['networks'], own: NetworkSpec): NetworkSpec[] {
  if (networks === undefined) return [own];
  if (networks !== 'cross-architecture') return networks.map((network) => planNetwork(network, own));
  const others = crossArchitecture.filter((name) => name !== own.architecture);
  return [own, ...others.map((name) => networkByName(name))];
}

function planEvaluate(
  config: With<'evaluate'>,
  own: NetworkSpec,
  planReference: PlanReference,
  afterExperts: boolean,
): EvaluateConfig {
  const { dataset, networks: listed, full, ...rest } = config;
  const networks = planNetworks(listed, own);
  return {
    dataset: planReference(dataset),
    networks,
    ...rest,
    ...(config.baselines.includes('full') && { full: planFull(full, networks, own, afterExperts) }),
  };
}

/** Experts are networks trained on the whole training set: none is trained again unless it is asked for. */
function planFull(
  { retrain, ...training }: With<'evaluate'>['full'] & object = defaultFullTraining,
  networks: readonly NetworkSpec[],
  own: NetworkSpec,
  afterExperts: boolean,
): FullTrainingConfig {
  const known = afterExperts && !retrain;
  return { networks: networks.filter((network) => !known || !sameNetwork(network, own)), ...training };
}
