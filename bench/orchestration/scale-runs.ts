/**
 * @file Pipelines at scale, run to their end with pretend work on a real server, and read back: what is missing or
 * wrong, and how large it became.
 */
import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { compile } from '../../definition/index.js';
import { packPlan } from '../../definition/packed-plan.js';
import type { PipelineResult, PipelineStatus } from '../../definition/stages.js';
import { measureRuns } from '../../test/support/histories.js';
import { withWorkers } from '../../test/workflows/harness.js';
import { PIPELINE_QUEUE } from '../../workflows/queues.js';
import { matrixOf, small } from './scale-definitions.js';
import { Ledger, type ExpectedCell } from './scale-ledger.js';

export interface Connections {
  readonly client: Client;
  readonly nativeConnection: NativeConnection;
}

export interface AtScale {
  /** What was lost, repeated or mixed up; a line each. */
  readonly problems: readonly string[];
  readonly pipelines: number;
  readonly stages: number;
  readonly seconds: number;
  /** Of the largest pipeline. */
  readonly events: number;
  readonly historyBytes: number;
  readonly largestPayload: number;
  readonly largestTask: number;
  readonly resultBytes: number;
  readonly statusBytes: number;
  /** Of a pipeline's definition; processor time. */
  readonly compileMilliseconds: number;
  readonly planBytes: number;
}

/** One pipeline of so many cells: every pair of an `ipc` and a number of steps. */
export function runMatrix(connections: Connections, ipcs: number, steps: number): Promise<AtScale> {
  const workflowId = `matrix-${ipcs * steps}`;
  const cells = Array.from({ length: ipcs * steps }, (_, index): ExpectedCell => {
    const [ipc, synSteps] = [1 + Math.floor(index / steps), 1 + (index % steps)];
    const cell = `[ipc=${ipc},N=${synSteps}]`;
    return {
      distill: `${workflowId}/distill${cell}`,
      evaluate: `${workflowId}/evaluate${cell}`,
      ...{ ipc, synSteps, epochs: 10 },
    };
  });
  return run(connections, new Map([[workflowId, matrixOf(ipcs, steps)]]), cells);
}

/** So many pipelines at once, no two of which have a result in common. */
export function runTogether(connections: Connections, count: number): Promise<AtScale> {
  const epochs = Array.from({ length: count }, (_, index) => 10 + index);
  const id = (of: number) => `small-${of}`;
  const definitions = new Map(epochs.map((of) => [id(of), small(of)]));
  const cells = epochs.map((of): ExpectedCell => {
    const [distill, evaluate] = [`${id(of)}/distill`, `${id(of)}/evaluate`];
    return { distill, evaluate, ipc: 1, synSteps: 5, epochs: of };
  });
  return run(connections, definitions, cells);
}

/** Definitions by the id of the workflow that runs them, all started at once. */
export async function run(
  { client, nativeConnection }: Connections,
  definitions: ReadonlyMap<string, string>,
  cells: readonly ExpectedCell[],
): Promise<AtScale> {
  const before = process.cpuUsage();
  const plans = new Map([...definitions].map(([id, text]) => [id, compile(text).plan]));
  const compileMilliseconds = process.cpuUsage(before).user / 1000 / plans.size;
  const ledger = new Ledger();
  const started = performance.now();
  // As many workflows are kept at hand as the SDK sees fit, as in the workers of the product.
  const ended = await withWorkers(
    { nativeConnection },
    ledger.pretend,
    async () => {
      const handles = await Promise.all(
        [...definitions].map(([workflowId, text]) =>
          client.workflow.start('pipeline', { taskQueue: PIPELINE_QUEUE, workflowId, args: [text] }),
        ),
      );
      return Promise.all(
        handles.map(async (handle) => ({
          id: handle.workflowId,
          result: (await handle.result()) as PipelineResult,
          status: await handle.query<PipelineStatus>('status'),
        })),
      );
    },
    {},
  );
  const seconds = (performance.now() - started) / 1000;
  const runs = await Promise.all(ended.map(async ({ id }) => (await measureRuns(client, id))[0]));
  const largest = (of: (run: NonNullable<(typeof runs)[number]>) => number) =>
    Math.max(...runs.map((run) => (run === undefined ? 0 : of(run))));
  const stages = [...plans.values()].map((plan) => plan.stages.length);
  return {
    problems: [
      ...ended.flatMap(({ id, result, status }) => missing(id, plans.get(id)?.stages ?? [], result, status)),
      ...ledger.problems(cells),
    ],
    pipelines: definitions.size,
    stages: stages.reduce((sum, of) => sum + of, 0),
    seconds,
    events: largest(({ events }) => events),
    historyBytes: largest(({ bytes }) => bytes),
    largestPayload: largest(({ largestPayload }) => largestPayload),
    largestTask: largest(({ largestTask }) => largestTask),
    resultBytes: Math.max(...ended.map(({ result }) => JSON.stringify(result).length)),
    statusBytes: Math.max(...ended.map(({ status }) => JSON.stringify(status).length)),
    compileMilliseconds,
    planBytes: Math.max(...[...plans.values()].map((plan) => JSON.stringify(packPlan(plan)).length)),
  };
}

function missing(
  pipeline: string,
  planned: readonly { readonly id: string }[],
  { stages, keys = {}, reused, failed, skipped }: PipelineResult,
  status: PipelineStatus,
): string[] {
  const results = { ...stages, ...keys };
  const names = new Set(planned.map(({ id }) => id));
  return [
    ...planned
      .filter(({ id }) => !Object.hasOwn(results, id))
      .map(({ id }) => `${pipeline} has no result of ${id}`),
    ...Object.keys(results)
      .filter((id) => !names.has(id))
      .map((id) => `${pipeline} has a result of ${id}`),
    ...reused.map((id) => `${pipeline} has taken ${id} from the store`),
    ...Object.keys({ ...failed, ...skipped }).map((id) => `${pipeline} went on without ${id}`),
    ...(status.state === 'finished' ? [] : [`${pipeline} is ${status.state}`]),
    ...status.stages
      .filter(({ state }) => state !== 'finished')
      .map(({ id, state }) => `${id} of ${pipeline} is ${state}`),
  ];
}
