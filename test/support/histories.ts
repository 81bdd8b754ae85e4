/**
 * @file Measures the histories of workflows as the server keeps them.
 */
import type { Client } from '@temporalio/client';
import protos from '@temporalio/proto';

const { HistoryEvent } = protos.temporal.api.history.v1;

/** One run of a workflow. */
export interface MeasuredRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly events: number;
  /** All events as the server sends them. */
  readonly bytes: number;
  /** Most bytes of one payload: an argument, a result, a signal. */
  readonly largestPayload: number;
  /** Most bytes of all events that one workflow task led to: what a worker sends in one message. */
  readonly largestTask: number;
}

/** Every run of a workflow from the first to the last, following continue-as-new. */
export async function measureRuns(client: Client, workflowId: string): Promise<MeasuredRun[]> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const runs: MeasuredRun[] = [];
  let runId = raw.workflowExecutionInfo?.firstRunId ?? undefined;
  while (runId !== undefined && runId !== '') {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    if (!events) throw new Error(`${workflowId} has no history`);
    const byTask = new Map<string, number>();
    let bytes = 0;
    for (const event of events) {
      const size = HistoryEvent.encode(event).finish().length;
      bytes += size;
      const task = String(taskOf(event));
      byTask.set(task, (byTask.get(task) ?? 0) + size);
    }
    byTask.delete('undefined');
    const largestPayload = Math.max(0, ...payloadSizes(events));
    runs.push({
      ...{ workflowId, runId, events: events.length, bytes, largestPayload },
      largestTask: Math.max(0, ...byTask.values()),
    });
    runId = events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return runs;
}

/** The workflow task whose completion led to the event. */
function taskOf(event: object): unknown {
  for (const attributes of Object.values(event) as unknown[]) {
    if (typeof attributes === 'object' && attributes !== null && 'workflowTaskCompletedEventId' in attributes)
      return attributes.workflowTaskCompletedEventId;
  }
  return undefined;
}

function* payloadSizes(value: unknown): Generator<number> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if ('data' in value && value.data instanceof Uint8Array) yield value.data.length;
  for (const part of Object.values(value) as unknown[]) yield* payloadSizes(part);
}
