/**
 * @file The compute activities: each hands its task to a compute process and heartbeats with the progress
 * that process reports.
 */
import { Context } from '@temporalio/activity';
import type { RunOptions } from '../compute/process.js';
import type { ComputeTasks, TaskName } from '../compute/protocol.js';
import { activity } from './activity.js';
import { AttemptMetrics } from './attempt-metrics.js';
import type { ComputeActivities, UnitLimits } from './contract.js';

/** Runs compute tasks; `ComputePool` is one. */
export interface TaskRunner {
  run<K extends TaskName>(
    task: K,
    input: ComputeTasks[K]['input'],
    options: RunOptions,
  ): Promise<ComputeTasks[K]['result']>;
}

export interface TaskEvent {
  readonly state: 'started' | 'finished' | 'stopped' | 'failed';
  readonly task: TaskName;
  /** What the unit of work is called, for example `expert 3`. */
  readonly unit: string;
  /** The stage it belongs to. */
  readonly workflowId: string;
  readonly runId: string;
  /** Once it has ended. */
  readonly seconds?: number;
  readonly error?: string;
}

export interface ComputeDependencies {
  readonly compute: TaskRunner;
  readonly onTask?: (event: TaskEvent) => void;
}

export function createComputeActivities(dependencies: ComputeDependencies): ComputeActivities {
  return {
    trainExpert: computeActivity('trainExpert', dependencies),
    distillChunk: computeActivity('distillChunk', dependencies),
    evaluateNetwork: computeActivity('evaluateNetwork', dependencies),
    selectImages: computeActivity('selectImages', dependencies),
    computeStage: computeActivity('computeStage', dependencies),
  };
}

function computeActivity<K extends TaskName>(task: K, { compute, onTask }: ComputeDependencies) {
  return activity(
    async (
      { signal, details },
      input: ComputeTasks[K]['input'],
      { unit, stallTimeoutSeconds, memoryBytes, gpu }: UnitLimits,
    ) => {
      const started = performance.now();
      const { info, metricMeter } = Context.current();
      const { workflowId, runId } = info.workflowExecution ?? { workflowId: '', runId: '' };
      const metrics = new AttemptMetrics(metricMeter, task, workflowId);
      const attempt = { task, unit, workflowId, runId };
      const ended = (state: 'finished' | 'stopped' | 'failed', error?: string) => {
        const seconds = (performance.now() - started) / 1000;
        metrics.ended(state, seconds);
        onTask?.({ state, ...attempt, seconds, ...(error !== undefined && { error }) });
      };
      onTask?.({ state: 'started', ...attempt });
      try {
        const demands = { ...(memoryBytes !== undefined && { memoryBytes }), ...(gpu && { gpu }) };
        const result = await compute.run(task, input, {
          signal,
          stallTimeoutSeconds,
          demands,
          onProgress: (progress) => {
            metrics.progress(progress);
            const unsavedSeconds = Math.round(metrics.unsavedSeconds);
            details({ ...progress, ...(unsavedSeconds > 0 && { unsavedSeconds }) });
          },
          onCheckpoint: (saved) => metrics.checkpoint(saved),
          onMemory: (bytes, device) => metrics.memory(bytes, device),
        });
        ended('finished');
        return result;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        ended(signal.aborted ? 'stopped' : 'failed', reason);
        throw error;
      }
    },
  );
}
