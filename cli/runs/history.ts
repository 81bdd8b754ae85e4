/**
 * @file The histories that Temporal keeps: their events one after the other, and what is in them decoded.
 */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, TimeoutFailure, WorkflowNotFoundError } from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js';

import { DistilleryError } from '../../errors/errors.js';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
export type HistoryEvent = NonNullable<History['events']>[number];
/** Values as the server keeps them: encoded, perhaps encrypted. */
export type Payloads = Parameters<typeof decodeArrayFromPayloads>[1];
type Failure = Parameters<typeof decodeOptionalFailureToOptionalError>[1];

/** The server finds more than 256 too many. */
const pageSize = 250;

export interface Execution {
  readonly workflowId: string;
  /** The newest run without it. */
  readonly runId?: string;
}

/**
 * The events of a run in order.
 *
 * @param most at most so many; fewer are also quicker to have
 * @throws DistilleryError `InvalidDefinition` when there is no such run
 */
export async function* historyEvents(
  client: Client,
  { workflowId, runId }: Execution,
  most = Infinity,
): AsyncGenerator<HistoryEvent> {
  let left = most;
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await onePage(client, workflowId, {
      namespace: client.options.namespace,
      execution: { workflowId, runId: runId ?? null },
      maximumPageSize: Math.min(pageSize, left),
      nextPageToken: nextPageToken ?? null,
    });
    for (const event of page.history?.events ?? []) {
      yield event;
      left -= 1;
      if (left <= 0) return;
    }
    nextPageToken = page.nextPageToken.length > 0 ? page.nextPageToken : undefined;
  } while (nextPageToken !== undefined);
}

type PageRequest = Parameters<Client['workflowService']['getWorkflowExecutionHistory']>[0];
type Page = Awaited<ReturnType<Client['workflowService']['getWorkflowExecutionHistory']>>;

async function onePage(client: Client, workflowId: string, request: PageRequest): Promise<Page> {
  try {
    return await client.workflowService.getWorkflowExecutionHistory(request);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw unknownRun(workflowId);
  }
}

function isNotFound(error: unknown): boolean {
  // 5 is NOT_FOUND in gRPC.
  return (
    error instanceof WorkflowNotFoundError || (error instanceof Error && 'code' in error && error.code === 5)
  );
}

export function unknownRun(workflowId: string): DistilleryError {
  return new DistilleryError(
    'InvalidDefinition',
    `There is no run "${workflowId}" here. List the runs with \`distillery list\`.`,
  );
}

/** What was passed, by the client's own converter and codecs. */
export async function decoded(client: Client, payloads: Payloads): Promise<unknown[]> {
  return decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
}

export interface FailureWords {
  /** Code of the error, or what kind of time ran out. */
  readonly type: string;
  readonly message: string;
}

/** The innermost reason of a failure. */
export async function failureWords(client: Client, failure: Failure): Promise<FailureWords | undefined> {
  let error: unknown = await decodeOptionalFailureToOptionalError(
    client.options.loadedDataConverter,
    failure,
  );
  while (error instanceof Error && error.cause instanceof Error) error = error.cause;
  if (error instanceof TimeoutFailure)
    return { type: error.timeoutType ?? 'TIMEOUT', message: error.message };
  if (error instanceof ApplicationFailure)
    return { type: error.type ?? 'ComputeFailed', message: error.message };
  return error instanceof Error ? { type: error.name, message: error.message } : undefined;
}

/** When something happened; the epoch when the server does not say. */
export function timeOf(time: HistoryEvent['eventTime']): Date {
  return new Date(Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6);
}
