/**
 * @file Asks Temporal how a run is doing: the pipeline's status, its running children and the heartbeats of
 * their activities.
 */
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { QueryNotRegisteredError } from '@temporalio/client';
import { ValueError, WorkflowNotFoundError } from '@temporalio/common';
import { decodeOptionalSinglePayload } from '@temporalio/common/lib/internal-non-workflow/index.js';

import type { PipelineStatus, StageStatus, UnitProgress } from '../../definition/stages.js';
import { DistilleryError } from '../../errors/errors.js';
import { type EtaOf, type RunView, viewStage } from '../status/view.js';

/** A query waits for a worker; without one it would wait for ten seconds or more. */
const queryTimeoutMs = 4_000;
/** Children that are asked for details; the others show what the pipeline knows. */
const mostChildren = 16;

/** One picture of a run. Throws `InvalidDefinition` when there is no such run or it is no pipeline. */
export async function collectRun(client: Client, workflowId: string, etaOf: EtaOf): Promise<RunView> {
  const handle = client.workflow.getHandle(workflowId);
  const description = await describe(handle);
  const answer = await queryStatus<PipelineStatus>(client, handle);
  if (answer === undefined) return withoutStatus(description, noWorker);
  if (answer === 'unreadable') return withoutStatus(description, noKey);
  if (answer === 'not-a-pipeline')
    throw new DistilleryError(
      'InvalidDefinition',
      `"${workflowId}" is a workflow of type ${description.type}, not a pipeline. ` +
        'List the pipelines with `distillery list`.',
    );
  const running = answer.stages.filter((stage) => stage.state === 'running').slice(0, mostChildren);
  const details = new Map(
    await Promise.all(running.map(async (stage) => [stage.id, await collectStage(client, stage)] as const)),
  );
  const stages = answer.stages.map((stage) => {
    const detail = details.get(stage.id);
    return viewStage(detail?.status ?? stage, detail?.units ?? [], etaOf);
  });
  const state = closedState(answer, description);
  return {
    ...answer,
    ...state,
    stages,
    ...(open.has(state.state) ? noteOf(answer, stages) : {}),
  };
}

const open: ReadonlySet<PipelineStatus['state']> = new Set(['compiling', 'running', 'paused']);

/** What waits for the user, and what is being tried again and why. */
function noteOf(answer: PipelineStatus, stages: readonly StageStatus[]): Pick<RunView, 'note'> {
  const repeats = stages.flatMap(({ id, state, repeated }) =>
    state === 'running' && repeated !== undefined ? [`${id} goes on after: ${repeated}`] : [],
  );
  const waiting = stages.flatMap(({ id, retryWith }) =>
    retryWith === undefined ? [] : [`${id} has failed and waits: mend the cause, then \`${retryWith}\``],
  );
  const again = answer.repeated === undefined ? [] : [`trying again, ${answer.repeated}`];
  const reasons = [...waiting, ...again, ...repeats];
  return reasons.length === 0 ? {} : { note: reasons.join('\n') };
}

async function describe(handle: WorkflowHandle): Promise<WorkflowExecutionDescription> {
  try {
    return await handle.describe();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new DistilleryError(
      'InvalidDefinition',
      `There is no run "${handle.workflowId}" here. List the runs with \`distillery list\`.`,
    );
  }
}

/** The answer of the `status` query, undefined when no worker gives one in time. */
async function queryStatus<T>(
  client: Client,
  handle: WorkflowHandle,
): Promise<T | 'not-a-pipeline' | 'unreadable' | undefined> {
  try {
    return await client.withDeadline(Date.now() + queryTimeoutMs, () => handle.query<T>('status'));
  } catch (error) {
    if (error instanceof QueryNotRegisteredError) return 'not-a-pipeline';
    // Without a key, or without the right one.
    return error instanceof ValueError || error instanceof DistilleryError ? 'unreadable' : undefined;
  }
}

async function collectStage(
  client: Client,
  stage: StageStatus,
): Promise<{ status: StageStatus; units: UnitProgress[] } | undefined> {
  if (stage.workflowId === undefined) return undefined;
  const handle = client.workflow.getHandle(stage.workflowId);
  const [status, units] = await Promise.all([
    queryStatus<StageStatus>(client, handle),
    handle.describe().then(
      (description) => unitsOf(client, description),
      () => [],
    ),
  ]);
  const usable = typeof status === 'object' && status.id === stage.id && status.state === 'running';
  return { status: usable ? status : stage, units };
}

/** The heartbeats of a workflow's running activities, those that carry progress. */
async function unitsOf(client: Client, description: WorkflowExecutionDescription): Promise<UnitProgress[]> {
  const { loadedDataConverter } = client.options;
  const pending = description.raw.pendingActivities ?? [];
  const details = await Promise.all(
    pending.map(async ({ heartbeatDetails }) =>
      decodeOptionalSinglePayload<unknown>(loadedDataConverter, heartbeatDetails?.payloads?.[0]),
    ),
  );
  return details.filter(isUnitProgress);
}

function isUnitProgress(value: unknown): value is UnitProgress {
  if (typeof value !== 'object' || value === null) return false;
  const unit = value as Partial<Record<keyof UnitProgress, unknown>>;
  return (
    typeof unit.unit === 'string' &&
    typeof unit.done === 'number' &&
    typeof unit.total === 'number' &&
    typeof unit.worker === 'string' &&
    typeof unit.metrics === 'object' &&
    unit.metrics !== null
  );
}

const closed: Partial<Record<WorkflowExecutionDescription['status']['name'], PipelineStatus['state']>> = {
  COMPLETED: 'finished',
  FAILED: 'failed',
  TIMED_OUT: 'failed',
  TERMINATED: 'failed',
  CANCELLED: 'cancelled',
};

/** A workflow that was terminated cannot say so itself. */
function closedState(
  answer: PipelineStatus,
  description: WorkflowExecutionDescription,
): Pick<RunView, 'state' | 'error' | 'finishedAt'> {
  const name = description.status.name;
  const state = closed[name] ?? answer.state;
  const silent = name === 'TERMINATED' || name === 'TIMED_OUT';
  const error =
    answer.error ?? (silent ? `The workflow was ${name.toLowerCase().replace('_', ' ')}.` : undefined);
  return { state, ...closeTime(description), ...(error === undefined ? {} : { error }) };
}

function closeTime({ closeTime: closed }: WorkflowExecutionDescription): Pick<RunView, 'finishedAt'> {
  return closed === undefined ? {} : { finishedAt: closed.toISOString() };
}

const noWorker =
  'No pipeline worker answers, so the stages are not known. ' +
  'Start one with `distillery up` or `distillery worker --queue pipeline`.';
const noKey =
  'The worker answers encrypted, and not with a key that this command has, so the stages are not known. ' +
  'Name the file of its keys in DISTILLERY_CODEC_KEY_FILE.';

/** What the server knows by itself. */
function withoutStatus(description: WorkflowExecutionDescription, note: string): RunView {
  return {
    name: description.type,
    workflowId: description.workflowId,
    runId: description.runId,
    state: closed[description.status.name] ?? 'running',
    startedAt: description.startTime.toISOString(),
    ...closeTime(description),
    stages: [],
    note,
  };
}
