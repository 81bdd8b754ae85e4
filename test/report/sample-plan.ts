/**
 * @file The plan of the made-up run that the report tests look at.
 */
import type { EvaluateConfig, MttConfig, Plan, PlannedStage } from '../../definition/plan.js';

export const sampleNetwork = {
  architecture: 'ConvNet',
  depth: 3,
  width: 32,
  norm: 'instance',
  pool: 'avg',
  act: 'relu',
} as const;

const method: MttConfig = {
  name: 'mtt',
  synSteps: 10,
  expertEpochs: 2,
  maxStartEpoch: 4,
  lrImg: 100,
  lrLr: 1e-5,
  lrInit: 0.01,
  lrFloor: 1e-6,
  momentum: 0.5,
};

export function samplePlan(options: {
  readonly name: string;
  readonly ipc: number;
  readonly iterations: number;
  readonly trainingImages: number;
}): Plan {
  const base = {
    needs: [],
    maxParallel: 4,
    retry: { failures: 3, preemptions: null, backoffSeconds: 5 },
    timeoutSeconds: 86_400,
    stallTimeoutSeconds: 300,
    heartbeatTimeoutSeconds: 10,
    onFailure: 'fail' as const,
    cache: true,
  };
  const sgd = { momentum: 0, weightDecay: 0, batchSize: 256, augmentation: 'dsa' } as const;
  const evaluate: EvaluateConfig = {
    ...sgd,
    dataset: { stage: 'distill', output: 'result' },
    networks: [sampleNetwork],
    runs: 3,
    epochs: 300,
    lr: 'learned',
    momentum: 0.9,
    weightDecay: 5e-4,
    baselines: ['random'],
    baselineLr: 0.01,
  };
  const stages: PlannedStage[] = [
    { ...base, id: 'experts', uses: 'train-experts', with: { ...sgd, count: 6, epochs: 7, lr: 0.01 } },
    {
      ...base,
      id: 'distill',
      needs: ['experts'],
      uses: 'distill',
      chunkIterations: 100,
      with: {
        trajectories: { stage: 'experts', output: 'trajectories' },
        method,
        ipc: options.ipc,
        iterations: options.iterations,
        init: 'real',
        augmentation: 'dsa',
        selection: { every: 100, runs: 3, epochs: 300 },
      },
    },
    { ...base, id: 'evaluate', needs: ['distill'], uses: 'evaluate', with: evaluate },
    { ...base, id: 'report', needs: ['experts', 'distill', 'evaluate'], uses: 'report', with: {} },
  ];
  return {
    name: options.name,
    seed: 1,
    params: { ipc: options.ipc },
    dataset: { source: 'fashion-mnist', limit: options.trainingImages, holdout: 2000 },
    network: sampleNetwork,
    stages,
  };
}
