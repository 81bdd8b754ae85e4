/**
 * @file What orchestration costs by itself: pipelines on a real Temporal server whose compute only waits.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { createComputeActivities, type TaskEvent, type TaskRunner } from '../../activities/index.js';
import type { UnitLimits } from '../../activities/contract.js';
import type { ComputeTasks } from '../../compute/protocol.js';
import type { Plan } from '../../definition/plan.js';
import { measureRuns } from '../../test/support/histories.js';
import { startPipeline, withWorkers } from '../../test/workflows/harness.js';
import { distillation, experts, planOf } from '../../test/workflows/plans.js';
import { Pretend } from '../../test/workflows/pretend.js';
import { median } from '../engine/statistics.js';

export interface Connections {
  readonly client: Client;
  readonly nativeConnection: NativeConnection;
}

export interface ChunkOverhead {
  readonly chunks: number;
  /** From the end of one chunk on the worker to the start of the next: median, and the longest but 5 %. */
  readonly milliseconds: number;
  readonly percentile95: number;
  /** Share of the time that it is with chunks of 30 s. */
  readonly percentAt30s: number;
}

const chunkSeconds = 30;

/** Runs `chunks` chunks one after the other, each of them a wait of 300 ms. */
export async function chunkOverhead(connections: Connections, chunks: number): Promise<ChunkOverhead> {
  const gaps: number[] = [];
  let ended: number | undefined;
  const plan = planOf(experts(), distillation(chunks, 1, chunks));
  await runPretended(connections, plan, 300, ({ task, state }) => {
    if (task !== 'distillChunk') return;
    if (state === 'finished') ended = performance.now();
    else if (ended !== undefined) gaps.push(performance.now() - ended);
  });
  const milliseconds = median(gaps);
  return {
    chunks,
    milliseconds,
    percentile95: gaps.sort((a, b) => a - b)[Math.floor(gaps.length * 0.95)] ?? NaN,
    percentAt30s: (milliseconds / (milliseconds + chunkSeconds * 1000)) * 100,
  };
}

export interface ManyStages {
  readonly stages: number;
  /** From the start of the pipeline until every stage has begun, and until all are finished. */
  readonly begunSeconds: number;
  readonly finishedSeconds: number;
  readonly events: number;
  readonly bytes: number;
}

/** A pipeline whose stages depend on nothing, so that all start at once. */
export async function manyStages(connections: Connections, stages: number): Promise<ManyStages> {
  const all = Array.from({ length: stages }, (_, index) => {
    const stage = experts();
    return { ...stage, id: `experts-${index}`, with: { ...stage.with, count: 1, epochs: 2 + index } };
  });
  const start = performance.now();
  let begun = NaN;
  const pretend = new Pretend(({ name }, nth) => {
    if (name === 'beginStage' && nth === stages) begun = performance.now();
  });
  const { workflowId, ended } = await runPretended(connections, planOf(...all), 0, () => undefined, pretend);
  const [run] = await measureRuns(connections.client, workflowId);
  return {
    stages,
    begunSeconds: (begun - start) / 1000,
    finishedSeconds: (ended - start) / 1000,
    events: run?.events ?? NaN,
    bytes: run?.bytes ?? NaN,
  };
}

export interface HistorySize {
  readonly iterations: number;
  readonly chunkIterations: number;
  readonly events: number;
  readonly bytes: number;
}

/** Of the distillation and its pipeline together, with a candidate every 100 iterations and two networks for each. */
export async function historySize(
  connections: Connections,
  iterations: number,
  chunkIterations: number,
): Promise<HistorySize> {
  const plan = planOf(experts(), distillation(iterations, chunkIterations, 100));
  const { workflowId } = await runPretended(connections, plan, 0, () => undefined);
  const runs = [
    ...(await measureRuns(connections.client, workflowId)),
    ...(await measureRuns(connections.client, `${workflowId}/distill`)),
  ];
  const sum = (of: 'events' | 'bytes') => runs.reduce((total, run) => total + run[of], 0);
  return { iterations, chunkIterations, events: sum('events'), bytes: sum('bytes') };
}

/** Runs the plan with the real activities around compute that waits, and heartbeats, for `milliseconds`. */
async function runPretended(
  { client, nativeConnection }: Connections,
  plan: Plan,
  milliseconds: number,
  onTask: (event: TaskEvent) => void,
  pretend = new Pretend(),
): Promise<{ workflowId: string; ended: number }> {
  const compute: TaskRunner = {
    async run(task, input) {
      type K = typeof task;
      if (milliseconds > 0) await delay(milliseconds);
      const answer = pretend.compute[task] as (
        input: ComputeTasks[K]['input'],
        limits: UnitLimits,
      ) => Promise<ComputeTasks[K]['result']>;
      return answer(input, { unit: '', stallTimeoutSeconds: 60 });
    },
  };
  const activities = { light: pretend.light, compute: createComputeActivities({ compute, onTask }) };
  return withWorkers({ nativeConnection }, activities, async () => {
    const handle = await startPipeline(client, plan);
    await handle.result();
    return { workflowId: handle.workflowId, ended: performance.now() };
  });
}
