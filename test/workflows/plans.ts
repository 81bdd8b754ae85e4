/**
 * @file Small plans for tests of the orchestration.
 */
import type { UpstreamStage } from '../../activities/contract.js';
import { compile } from '../../definition/index.js';
import type {
  CustomStage,
  DistillStage,
  EvaluateStage,
  Plan,
  PlannedStage,
  ReportStage,
  RetryBudget,
  SelectStage,
  TrainExpertsStage,
} from '../../definition/plan.js';
import type { NetworkSpec } from '../../networks/spec.js';
import { reference } from './pretend.js';

export const network: NetworkSpec = {
  architecture: 'ConvNet',
  depth: 3,
  width: 8,
  norm: 'instance',
  pool: 'avg',
  act: 'relu',
};

const retry: RetryBudget = { failures: 3, preemptions: null, backoffSeconds: 5 };
const common = {
  maxParallel: 2,
  retry,
  timeoutSeconds: 3600,
  stallTimeoutSeconds: 300,
  heartbeatTimeoutSeconds: 10,
  onFailure: 'fail',
  cache: true,
} as const;

export function experts(change: Partial<TrainExpertsStage> = {}): TrainExpertsStage {
  return {
    ...common,
    id: 'experts',
    uses: 'train-experts',
    needs: [],
    with: {
      count: 3,
      epochs: 2,
      lr: 0.01,
      momentum: 0,
      weightDecay: 0,
      batchSize: 256,
      augmentation: 'dsa',
    },
    ...change,
  };
}

export function distillation(iterations: number, chunkIterations: number, every: number): DistillStage {
  return {
    ...common,
    id: 'distill',
    uses: 'distill',
    needs: ['experts'],
    chunkIterations,
    with: {
      trajectories: { stage: 'experts', output: 'trajectories' },
      method: {
        name: 'mtt',
        synSteps: 2,
        expertEpochs: 1,
        maxStartEpoch: 1,
        lrImg: 100,
        lrLr: 1e-5,
        lrInit: 0.01,
        lrFloor: 1e-6,
        momentum: 0.5,
      },
      ipc: 1,
      iterations,
      init: 'real',
      augmentation: 'dsa',
      selection: { every, runs: 2, epochs: 10 },
    },
  };
}

export function selection(change: Partial<SelectStage> = {}): SelectStage {
  return {
    ...common,
    id: 'coreset',
    uses: 'select',
    needs: ['experts'],
    with: {
      method: { name: 'herding' },
      trajectories: { stage: 'experts', output: 'trajectories' },
      ipc: 5,
      lr: 0.01,
    },
    ...change,
  };
}

export function evaluation(change: Partial<EvaluateStage> = {}): EvaluateStage {
  return {
    ...common,
    id: 'evaluate',
    uses: 'evaluate',
    needs: ['distill'],
    with: {
      dataset: { stage: 'distill', output: 'result' },
      networks: [network],
      runs: 2,
      epochs: 10,
      lr: 'learned',
      momentum: 0.9,
      weightDecay: 5e-4,
      batchSize: 256,
      augmentation: 'dsa',
      baselines: ['random'],
      baselineLr: 0.01,
    },
    ...change,
  };
}

export function custom(change: Partial<CustomStage> = {}): CustomStage {
  return {
    ...common,
    id: 'sharpen',
    uses: 'custom',
    type: 'sharpen',
    version: 1,
    needs: ['distill'],
    with: { mode: 'soft' },
    inputs: { images: { stage: 'distill', output: 'result' } },
    ...change,
  };
}

export function reporting(needs: readonly string[]): ReportStage {
  return { ...common, id: 'report', uses: 'report', needs, with: {} };
}

export function planOf(...stages: PlannedStage[]): Plan {
  return {
    name: 'tiny',
    seed: 1,
    params: {},
    dataset: { source: 'pretend', holdout: 100 },
    network,
    stages,
  };
}

/** All four stages: three experts, 40 iterations in chunks of 15 with a candidate every 20. */
export function fullPlan(): Plan {
  return planOf(
    experts(),
    distillation(40, 15, 20),
    evaluation(),
    reporting(['experts', 'distill', 'evaluate']),
  );
}

/**
 * One distillation and evaluation for each number of images, and a report over all of them.
 *
 * @param distill more keys of the distillation, as they are written
 * @param evaluate of the evaluation
 */
export function sweep(ipcs: readonly number[], distill = '', evaluate = ''): Plan {
  return compile(`
name: sweep
dataset: { source: fashion-mnist, limit: 20000, holdout: 500 }
network: { architecture: ConvNet, depth: 2, width: 8 }
stages:
  experts: { uses: train-experts, with: { count: 2, epochs: 10 } }
  distill:
    uses: distill
    matrix: { ipc: [${ipcs.join(', ')}] }
    ${distill}
    with:
      trajectories: \${{ stages.experts.trajectories }}
      ipc: \${{ matrix.ipc }}
      iterations: 20
      method: { synSteps: 5, expertEpochs: 2, maxStartEpoch: 4, lrImg: 1000, lrLr: 1.0e-5 }
      selection: { every: 20 }
  evaluate:
    uses: evaluate
    matrix: distill
    ${evaluate}
    with: { dataset: '\${{ stages.distill.result }}', runs: 1 }
  report: { uses: report }
`).plan;
}

/** Experts that another run has trained. */
export const takenExperts: UpstreamStage = {
  stage: experts(),
  manifest: {
    key: 'k'.repeat(64),
    type: 'train-experts',
    output: {
      type: 'train-experts',
      trajectories: reference('experts of another run'),
      count: 9,
      accuracyByEpoch: [0.1, 0.9],
      accuracy: 0.9,
      std: 0.01,
    },
    workflowId: 'other/experts',
    runId: 'r',
    finishedAt: '2026-11-29T10:00:00.000Z',
    seconds: 1,
  },
  state: 'cached',
  preemptions: 0,
  failures: 0,
};
