/**
 * @file Pipelines that are run to their end, whatever happens to the servers on the way, and compared.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import type { PipelineResult, PipelineStatus } from '../../definition/stages.js';
import type { pipeline } from '../../workflows/index.js';
import { definitionOf, importImages } from './definition.js';
import { fingerprint, type Fingerprint } from './fingerprint.js';

/** How a run went. */
export interface RunRecord {
  readonly id: string;
  readonly seed: number;
  readonly seconds: number;
  readonly result?: PipelineResult;
  readonly fingerprint?: Fingerprint;
  /** Why there is no result. */
  readonly error?: string;
  /** History events of the pipeline and of each stage. */
  readonly events: Readonly<Record<string, number>>;
  /** What activities failed with, and how many of them did. */
  readonly errors: Readonly<Record<string, number>>;
  readonly preemptions: number;
  readonly failures: number;
}

export interface RunSettings {
  readonly client: Client;
  /** Past all faults but those of the server itself. */
  readonly store: ArtifactStore;
  /** For the files of the data set. */
  readonly folder: string;
  readonly work: number;
  readonly signal: AbortSignal;
}

/**
 * Runs the task of a seed to its end. Never throws but when the campaign is called off, and then at once.
 *
 * @param dataset name of the images; the one of an earlier run finds what that one has left
 */
export function run(settings: RunSettings, id: string, seed: number, dataset = id): Promise<RunRecord> {
  const { signal } = settings;
  let callOff: () => void = () => undefined;
  const calledOff = new Promise<never>((_, reject) => (callOff = () => reject(new Error('called off'))));
  signal.addEventListener('abort', callOff);
  return Promise.race([runToTheEnd(settings, id, seed, dataset), calledOff]).finally(() =>
    signal.removeEventListener('abort', callOff),
  );
}

async function runToTheEnd(
  settings: RunSettings,
  id: string,
  seed: number,
  dataset: string,
): Promise<RunRecord> {
  const { client, store, folder, work, signal } = settings;
  const started = performance.now();
  const handle = client.workflow.getHandle<typeof pipeline>(id);
  let found: Pick<RunRecord, 'result' | 'fingerprint' | 'error'>;
  try {
    await importImages(store, folder, dataset);
    await patiently(signal, () => begin(client, id, definitionOf(dataset, seed, work)));
    const result = await resultOf(handle, signal);
    found = { result, fingerprint: await fingerprint(store, result) };
  } catch (error) {
    signal.throwIfAborted();
    found = { error: reasonOf(error) };
  }
  const seconds = (performance.now() - started) / 1000;
  return { id, seed, seconds, ...found, ...(await account(client, handle, signal)) };
}

async function begin(client: Client, workflowId: string, definition: object): Promise<void> {
  try {
    const options = { workflowId, taskQueue: 'distillery', args: [definition] as [object] };
    await client.workflow.start<typeof pipeline>('pipeline', options);
  } catch (error) {
    // The answer to an earlier try was lost with the server.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

function resultOf(handle: WorkflowHandle<typeof pipeline>, signal: AbortSignal): Promise<PipelineResult> {
  return patiently(
    signal,
    () => handle.result(),
    (error) => error instanceof WorkflowFailedError,
  );
}

async function account(
  client: Client,
  handle: WorkflowHandle,
  signal: AbortSignal,
): Promise<Pick<RunRecord, 'events' | 'errors' | 'preemptions' | 'failures'>> {
  const { stages } = await patiently(signal, () => handle.query<PipelineStatus>('status'));
  const events: Record<string, number> = {};
  const errors: Record<string, number> = {};
  for (const workflowId of [handle.workflowId, ...stages.flatMap((stage) => stage.workflowId ?? [])]) {
    const history = await patiently(signal, () => client.workflow.getHandle(workflowId).fetchHistory());
    events[workflowId] = history.events?.length ?? 0;
    for (const error of failuresIn(history)) errors[error] = (errors[error] ?? 0) + 1;
  }
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    events,
    errors,
    preemptions: sum(stages.map(({ preemptions }) => preemptions)),
    failures: sum(stages.map(({ failures }) => failures)),
  };
}

/** Preemptions are not among them: a worker that leaves or is lost has its own budget. */
function failuresIn({ events }: History): string[] {
  return (events ?? []).flatMap(({ activityTaskFailedEventAttributes }) => {
    const failure = activityTaskFailedEventAttributes?.failure;
    const type = failure?.applicationFailureInfo?.type ?? '';
    if (!failure || type === 'Preempted' || type === 'WorkerShutdown') return [];
    // Keys and digests would make every message one of its own.
    const message = (failure.message ?? '').replace(/[0-9a-f]{64}/g, '…').replace(/s-[0-9]{10}/g, 's-…');
    return [`${type}: ${message.replace(/ It last said:.*/s, '')}`];
  });
}

/** Asks again until there is an answer: servers are killed on purpose. */
async function patiently<T>(
  signal: AbortSignal,
  ask: () => Promise<T>,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (isFinal(error)) throw error;
      await delay(500, undefined, { signal });
    }
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof WorkflowFailedError ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
