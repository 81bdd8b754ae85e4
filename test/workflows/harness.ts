/**
 * @file Runs pipelines of pretend activities on a time-skipping server.
 */
import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import type { Plan } from '../../definition/plan.js';
import type { PipelineOptions } from '../../definition/stages.js';
import { workflowSource } from '../../worker/bundle.js';
import { leavingSettings } from '../../worker/settings.js';
import { COMPUTE_QUEUE, PIPELINE_QUEUE } from '../../workflows/queues.js';
import type { pipeline } from '../../workflows/index.js';
import type { Pretend } from './pretend.js';

export type PipelineHandle = WorkflowHandleWithFirstExecutionRunId<typeof pipeline>;

/** Starts a pipeline with the plan as its definition. */
export function startPipeline(
  client: Client,
  plan: Plan,
  options: PipelineOptions = {},
  workflowId = `test-${randomUUID()}`,
): Promise<PipelineHandle> {
  return client.workflow.start<typeof pipeline>('pipeline', {
    taskQueue: PIPELINE_QUEUE,
    workflowId,
    args: [plan, options],
  });
}

/** Runs `body` while workers with the pretend activities listen on both queues. */
export async function withWorkers<T>(
  { nativeConnection: connection }: Pick<TestWorkflowEnvironment, 'nativeConnection'>,
  { light, compute }: Pick<Pretend, 'light' | 'compute'>,
  body: () => Promise<T>,
  options: Pick<WorkerOptions, 'maxCachedWorkflows'> = { maxCachedWorkflows: 50 },
): Promise<T> {
  const [pipelines, computes] = await Promise.all([
    Worker.create({
      connection,
      ...leavingSettings(),
      ...(await workflowSource()),
      taskQueue: PIPELINE_QUEUE,
      activities: light,
      ...options,
    }),
    Worker.create({ connection, ...leavingSettings(), taskQueue: COMPUTE_QUEUE, activities: compute }),
  ]);
  return pipelines.runUntil(computes.runUntil(body));
}

/** Rejects with what the pipeline failed with. */
export async function failureOf(handle: PipelineHandle): Promise<{ type: string; message: string }> {
  const error: unknown = await handle.result().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) throw new Error('the pipeline did not fail', { cause: error });
  return { type: 'type' in cause ? String(cause.type) : cause.name, message: cause.message };
}
