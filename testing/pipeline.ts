/**
 * @file A definition compiled and run through the real workflows, with activities that only pretend. On a server
 * that skips time, waits and retries take none.
 */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { compile, type StageSignature } from '../definition/index.js';
import type { PipelineOptions, PipelineResult, PipelineStatus } from '../definition/stages.js';
import { workflowSource } from '../worker/bundle.js';
import { leavingSettings } from '../worker/settings.js';
import { COMPUTE_QUEUE } from '../workflows/queues.js';
import { Pretend, type Call, type Interference } from './pretend.js';

/** What is needed of a `TestWorkflowEnvironment`. */
export interface TestEnvironment {
  readonly client: Client;
  readonly nativeConnection: NativeConnection;
}

export interface PretendOptions extends PipelineOptions {
  /** Types of stages of your own; they pretend as well, with outputs as they declare them. */
  readonly stages?: Iterable<StageSignature>;
  /** Called before each activity answers: throw to make it fail. */
  readonly interfere?: Interference;
}

export interface PretendRun {
  readonly result: PipelineResult;
  readonly status: PipelineStatus;
  /** What the activities were asked, in order. */
  readonly calls: readonly Call[];
}

/**
 * Runs a definition from start to end.
 *
 * ```ts
 * const environment = await TestWorkflowEnvironment.createTimeSkipping();
 * const { status } = await pretendPipeline(environment, await readFile('my.yaml'));
 * ```
 *
 * @throws DefinitionError when it does not compile, WorkflowFailedError when the pipeline fails
 */
export async function pretendPipeline(
  { client, nativeConnection: connection }: TestEnvironment,
  definition: Uint8Array | string | object,
  { stages = [], interfere, params, ...options }: PretendOptions = {},
): Promise<PretendRun> {
  const types = [...stages];
  const { plan } = compile(definition, { stages: types, ...(params && { params }) });
  const pretend = new Pretend(interfere, types);
  const taskQueue = `pretend-${randomUUID()}`;
  const common = { connection, ...leavingSettings() };
  const [pipelines, computes] = await Promise.all([
    Worker.create({ ...common, ...(await workflowSource()), taskQueue, activities: pretend.light }),
    Worker.create({ ...common, taskQueue: COMPUTE_QUEUE, activities: pretend.compute }),
  ]);
  return pipelines.runUntil(
    computes.runUntil(async () => {
      const handle = await client.workflow.start('pipeline', {
        taskQueue,
        workflowId: taskQueue,
        args: [plan, options],
      });
      const result = (await handle.result()) as PipelineResult;
      const status = await handle.query<PipelineStatus>('status');
      return { result, status, calls: pretend.calls };
    }),
  );
}
