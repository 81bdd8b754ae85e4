/**
 * @file Runs as `distillery list` shows them: the pipeline's name and what came out beside what the server lists.
 */
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';

import type { Definition } from '../../activities/contract.js';
import type { EvaluationRow, PipelineResult } from '../../definition/stages.js';
import { formatAccuracy } from '../terminal/format.js';
import { readStart } from './run-record.js';

export interface ListedRun {
  readonly workflowId: string;
  readonly runId: string;
  /** Of the pipeline, as its definition says; absent where that cannot be read. */
  readonly name?: string;
  readonly state: string;
  readonly startedAt: string;
  readonly seconds: number;
  /** In a few words: the accuracy that was found, or why it failed. */
  readonly result?: string;
  /** Of its definition; absent without any. */
  readonly tags?: Readonly<Record<string, unknown>>;
}

export async function listedRun(client: Client, run: WorkflowExecutionInfo): Promise<ListedRun> {
  const { workflowId, runId } = run;
  const end = run.closeTime ?? new Date();
  const [name, result] = await Promise.all([nameOf(client, run), resultOf(client, run)]);
  return {
    workflowId,
    runId,
    ...(name !== undefined && { name }),
    state: run.status.name.toLowerCase().replaceAll('_', ' '),
    startedAt: run.startTime.toISOString(),
    seconds: (end.getTime() - run.startTime.getTime()) / 1000,
    ...(result !== undefined && { result }),
    ...tagsOf(run.memo),
  };
}

/** What the workflow has written into its memo. */
function tagsOf(memo: Readonly<Record<string, unknown>> | undefined): Pick<ListedRun, 'tags'> {
  const tags = memo?.['tags'];
  return typeof tags === 'object' && tags !== null ? { tags: { ...tags } } : {};
}

async function nameOf(
  client: Client,
  { workflowId, runId }: WorkflowExecutionInfo,
): Promise<string | undefined> {
  try {
    return pipelineName((await readStart(client, workflowId, runId)).definition);
  } catch {
    // Nobody lists runs to learn that one of them was started with nonsense, or is being removed.
    return undefined;
  }
}

/** The name that a definition gives itself, which need not be a valid one. */
function pipelineName(definition: Definition): string | undefined {
  if (typeof definition === 'object' && !ArrayBuffer.isView(definition))
    return 'name' in definition && typeof definition.name === 'string' ? definition.name : undefined;
  const text =
    typeof definition === 'string' ? definition : new TextDecoder().decode(definition as Uint8Array);
  return /^\s*["']?name["']?\s*:\s*["']?([a-z0-9-]+)/m.exec(text)?.[1];
}

async function resultOf(client: Client, run: WorkflowExecutionInfo): Promise<string | undefined> {
  const { workflowId, runId, status } = run;
  if (status.name !== 'COMPLETED' && status.name !== 'FAILED') return undefined;
  try {
    const result = (await client.workflow.getHandle(workflowId, runId).result()) as PipelineResult;
    return resultText(result);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) return undefined;
    return (error.cause?.message ?? error.message).split('\n')[0];
  }
}

/** The best images that were evaluated: `ConvNet 45.23 %`. */
export function resultText({ stages }: PipelineResult): string | undefined {
  const rows = Object.values(stages).flatMap((output) => (output.type === 'evaluate' ? output.rows : []));
  const own = rows.filter(({ trainedOn }) => trainedOn === 'distilled' || trainedOn === 'selected');
  const [best] = [...own].sort((a: EvaluationRow, b: EvaluationRow) => b.mean - a.mean);
  return best === undefined ? undefined : `${best.architecture} ${formatAccuracy(best.mean)}`;
}
