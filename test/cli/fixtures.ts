/**
 * @file A run with one stage in every state, for the tests of what is drawn.
 */
import type { StageStatus, UnitProgress } from '../../definition/stages.js';
import { type RunView, viewStage } from '../../cli/status/view.js';

export const startedAt = '2026-11-24T12:00:00.000Z';
export const now = Date.parse('2026-11-24T12:03:12.000Z');

const quiet = { metrics: {}, preemptions: 0, failures: 0, done: 0, total: 0 };

export const experts: StageStatus = {
  ...quiet,
  id: 'experts',
  type: 'train-experts',
  state: 'finished',
  needs: [],
  done: 4,
  total: 4,
  startedAt,
  finishedAt: '2026-11-24T12:00:48.000Z',
  summary: '4 experts, test accuracy 82.3 ± 0.5 %',
};

export const distill: StageStatus = {
  ...quiet,
  id: 'distill',
  type: 'distill',
  state: 'running',
  needs: ['experts'],
  workflowId: 'fmnist/distill',
  done: 100,
  total: 300,
  preemptions: 1,
  startedAt: '2026-11-24T12:00:48.000Z',
};

export const iterations: UnitProgress = {
  unit: 'iterations',
  done: 123,
  total: 300,
  rate: 0.81,
  metrics: { loss: 0.91234, learnedRate: 0.01234 },
  worker: 'host:4242',
};

export const evaluate: StageStatus = {
  ...quiet,
  id: 'evaluate',
  type: 'evaluate',
  state: 'waiting',
  needs: ['distill'],
};

/** A run in the middle of its distillation. */
export function run(changes: Partial<RunView> = {}, stages?: readonly StageStatus[]): RunView {
  const statuses = stages ?? [experts, distill, evaluate];
  return {
    name: 'fashion-mnist',
    workflowId: 'fmnist',
    runId: 'r',
    state: 'running',
    startedAt,
    stages: statuses.map((status) =>
      viewStage(
        status,
        status.type === 'distill' && status.state === 'running' ? [iterations] : [],
        () => 220,
      ),
    ),
    ...changes,
  };
}
