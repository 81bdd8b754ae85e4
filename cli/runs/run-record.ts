/**
 * @file What is on record of a run: what it was started with, the plan that was made of it, and how its stages
 * ended. All of it is in the history, so no worker has to answer.
 */
import type { Client } from '@temporalio/client';

import type { CompiledDefinition, Definition, Upstream } from '../../activities/contract.js';
import type { DatasetInput } from '../../compute/protocol.js';
import { unpackPlan } from '../../definition/packed-plan.js';
import type { Plan, PlannedStage } from '../../definition/plan.js';
import type { PipelineOptions, PipelineResult } from '../../definition/stages.js';
import { DistilleryError } from '../../errors/errors.js';
import type { StageOutcome } from '../../workflows/stage-input.js';
import { decoded, failureWords, historyEvents, type HistoryEvent, timeOf } from './history.js';

export interface RunRecord {
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAt: Date;
  /** Absent while it runs. */
  readonly endedAt?: Date;
  readonly state: 'running' | 'finished' | 'failed' | 'cancelled' | 'terminated' | 'timed out';
  /** As it was sent. */
  readonly definition: Definition;
  readonly options: PipelineOptions;
  /** Absent when the definition has not been compiled. */
  readonly plan?: Plan;
  /** The data set as it was found. */
  readonly dataset?: DatasetInput;
  /** Results of other runs that it has taken. */
  readonly imported: Upstream;
  /** Stages that have ended well, by id. */
  readonly outcomes: ReadonlyMap<string, StageOutcome>;
  readonly result?: PipelineResult;
  /** Why it failed. */
  readonly error?: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads the newest run of that id, or the one named.
 *
 * @throws DistilleryError `InvalidDefinition` when there is no such run, or it is no pipeline
 */
export async function readRun(client: Client, workflowId: string, runId?: string): Promise<RunRecord> {
  const reader = new Reader(client, workflowId);
  const execution = { workflowId, ...(runId !== undefined && { runId }) };
  for await (const event of historyEvents(client, execution)) await reader.read(event);
  return reader.record;
}

/** Only what the run was started with, which is the first event of its history. */
export async function readStart(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<Pick<RunRecord, 'definition' | 'options' | 'runId'>> {
  const reader = new Reader(client, workflowId);
  const execution = { workflowId, ...(runId !== undefined && { runId }) };
  for await (const event of historyEvents(client, execution, 1)) await reader.read(event);
  return reader.record;
}

class Reader {
  private readonly found: Mutable<RunRecord>;
  private readonly outcomes = new Map<string, StageOutcome>();
  /** Type of each scheduled activity, by the event that scheduled it. */
  private readonly activities = new Map<string, string>();

  constructor(
    private readonly client: Client,
    workflowId: string,
  ) {
    this.found = {
      workflowId,
      runId: '',
      startedAt: new Date(0),
      state: 'running',
      definition: '',
      options: {},
      imported: {},
      outcomes: this.outcomes,
    };
  }

  get record(): RunRecord {
    return this.found;
  }

  async read(event: HistoryEvent): Promise<void> {
    const started = event.workflowExecutionStartedEventAttributes;
    if (started) await this.started(event, started);
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) this.activities.set(String(event.eventId), scheduled.activityType?.name ?? '');
    const completed = event.activityTaskCompletedEventAttributes;
    if (completed) {
      const name = this.activities.get(String(completed.scheduledEventId)) ?? '';
      if (answersKept.has(name)) this.keep(name, await this.first(completed.result?.payloads));
    }
    const child = event.childWorkflowExecutionCompletedEventAttributes;
    if (child) {
      const outcome = (await this.first(child.result?.payloads)) as StageOutcome;
      this.outcomes.set(outcome.status.id, outcome);
    }
    await this.ended(event);
  }

  private async started(
    event: HistoryEvent,
    started: NonNullable<HistoryEvent['workflowExecutionStartedEventAttributes']>,
  ): Promise<void> {
    const type = started.workflowType?.name;
    if (type !== 'pipeline') {
      throw new DistilleryError(
        'InvalidDefinition',
        `"${this.found.workflowId}" is a workflow of type ${String(type)}, not a pipeline. ` +
          'List the pipelines with `distillery list`.',
      );
    }
    const [definition, options = {}] = (await decoded(this.client, started.input?.payloads)) as [
      Definition,
      PipelineOptions?,
    ];
    this.found.runId = started.originalExecutionRunId ?? '';
    this.found.startedAt = timeOf(event.eventTime);
    this.found.definition = definition;
    this.found.options = options;
  }

  private keep(activity: string, answer: unknown): void {
    if (activity === 'compileDefinition') this.found.plan = unpackPlan((answer as CompiledDefinition).plan);
    else if (activity === 'settleStage') this.settle(answer as PlannedStage);
    else if (activity === 'resolveDataset') this.found.dataset = answer as DatasetInput;
    else this.found.imported = answer as Upstream;
  }

  /** Late settings of a stage have become known. */
  private settle(settled: PlannedStage): void {
    const { plan } = this.found;
    if (plan === undefined) return;
    const stages = plan.stages.map((stage) => (stage.id === settled.id ? settled : stage));
    this.found.plan = { ...plan, stages };
  }

  private async ended(event: HistoryEvent): Promise<void> {
    const completed = event.workflowExecutionCompletedEventAttributes;
    const failed = event.workflowExecutionFailedEventAttributes;
    if (completed) {
      this.found.state = 'finished';
      this.found.result = (await this.first(completed.result?.payloads)) as PipelineResult;
    } else if (failed) {
      this.found.state = 'failed';
      this.found.error = (await failureWords(this.client, failed.failure))?.message ?? 'for no known reason';
    } else if (event.workflowExecutionCanceledEventAttributes) this.found.state = 'cancelled';
    else if (event.workflowExecutionTerminatedEventAttributes) this.found.state = 'terminated';
    else if (event.workflowExecutionTimedOutEventAttributes) this.found.state = 'timed out';
    else return;
    this.found.endedAt = timeOf(event.eventTime);
  }

  private async first(payloads: Parameters<typeof decoded>[1]): Promise<unknown> {
    return (await decoded(this.client, payloads))[0];
  }
}

const answersKept: ReadonlySet<string> = new Set([
  'compileDefinition',
  'resolveDataset',
  'resolveImports',
  'settleStage',
]);
