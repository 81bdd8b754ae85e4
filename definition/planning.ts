/**
 * @file From a checked definition to the plan: short forms written out, stages in order.
 */
import type { NetworkSpec } from '../networks/spec.js';
import type { StageGraph } from './graph.js';
import type {
  DatasetSpec,
  DistillConfig,
  EvaluateConfig,
  Plan,
  PlannedStage,
  RetryBudget,
  SelectConfig,
  TrainExpertsConfig,
} from './plan.js';
import { planMethod } from './planning-methods.js';
import type { Definition, StageDefinition } from './schema.js';
import type { ImportedStages } from './schema-imports.js';

type With<Type extends StageDefinition['uses']> = Extract<StageDefinition, { uses: Type }>['with'];

const defaultHoldout = 2000;

export function makePlan(
  definition: Definition,
  imported: ImportedStages,
  graph: StageGraph,
  params: Plan['params'],
): Plan {
  const network = planNetwork(definition.network);
  const imports = Object.entries(imported).map(([id, stage]) => ({ id, ...stage }));
  return {
    name: definition.name,
    seed: definition.seed,
    params,
    dataset: planDataset(definition.dataset),
    network,
    stages: graph.order.flatMap((id) => {
      const stage = definition.stages[id];
      return stage ? [planStage(id, stage, graph.needs.get(id) ?? [], network)] : [];
    }),
    ...(imports.length > 0 && { imports }),
  };
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

function planStage(
  id: string,
  stage: StageDefinition,
  needs: readonly string[],
  network: NetworkSpec,
): PlannedStage {
  const { failures, preemptions, backoff } = stage.retry;
  const retry: RetryBudget = {
    failures,
    preemptions: preemptions === 'unlimited' ? null : preemptions,
    backoffSeconds: backoff,
  };
  const base = {
    id,
    needs,
    maxParallel: stage.maxParallel,
    retry,
    timeoutSeconds: stage.timeout,
    stallTimeoutSeconds: stage.stallTimeout,
    heartbeatTimeoutSeconds: stage.heartbeatTimeout,
    onFailure: stage.onFailure,
    cache: stage.cache,
  };
  switch (stage.uses) {
    case 'train-experts':
      return { ...base, uses: stage.uses, with: planExperts(stage.with) };
    case 'distill':
      return {
        ...base,
        uses: stage.uses,
        with: planDistill(stage.with),
        chunkIterations: stage.chunk.iterations,
      };
    case 'select':
      return { ...base, uses: stage.uses, with: planSelect(stage.with) };
    case 'evaluate':
      return { ...base, uses: stage.uses, with: planEvaluate(stage.with, network) };
    case 'report':
      return {
        ...base,
        uses: stage.uses,
        with: stage.with.title === undefined ? {} : { title: stage.with.title },
      };
  }
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

function planDistill(config: With<'distill'>): DistillConfig {
  const { trajectories, method, ipc, iterations, init, augmentation, selection } = config;
  return {
    ...(trajectories && { trajectories: { stage: trajectories.stage, output: trajectories.output } }),
    method: planMethod(method, ipc),
    ipc,
    iterations,
    init,
    augmentation,
    selection: {
      every: selection.every ?? candidateSpacing(iterations),
      runs: selection.runs,
      epochs: selection.epochs,
    },
  };
}

function planSelect({ trajectories, ...config }: With<'select'>): SelectConfig {
  if (trajectories === undefined) return config;
  const { stage, output } = trajectories;
  return { ...config, trajectories: { stage, output } };
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

function planEvaluate(config: With<'evaluate'>, own: NetworkSpec): EvaluateConfig {
  const { dataset, networks, ...rest } = config;
  return {
    dataset: { stage: dataset.stage, output: dataset.output },
    networks: planNetworks(networks, own),
    ...rest,
  };
}
