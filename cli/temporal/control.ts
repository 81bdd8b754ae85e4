/**
 * @file Tells a running pipeline something, and turns refusals into errors a user can act on.
 */
import {
  type Client,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';

import { DistilleryError } from '../../errors/errors.js';

/** A worker that is there answers within a second. */
const answerTimeoutMs = 10_000;

/**
 * Sends the update and returns its answer.
 *
 * @throws DistilleryError `InvalidDefinition` when there is no such run, it is over, or it refuses;
 *   `ServerUnavailable` when no pipeline worker answers
 */
export async function tellRun(
  client: Client,
  workflowId: string,
  update: 'pause' | 'resume' | 'retry' | 'cancel',
  argument?: unknown,
): Promise<unknown> {
  await checkRunning(client, workflowId);
  const handle = client.workflow.getHandle(workflowId);
  try {
    return await client.withDeadline(Date.now() + answerTimeoutMs, () =>
      handle.executeUpdate(update, { args: [argument] }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) {
      const reason = error.cause?.message ?? error.message;
      throw new DistilleryError('InvalidDefinition', `The run "${workflowId}" refuses: ${reason}`);
    }
    if (error instanceof WorkflowNotFoundError) throw isOver(workflowId, 'just ended');
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
    throw new DistilleryError(
      'ServerUnavailable',
      `No pipeline worker answers, so the run "${workflowId}" was not told. ` +
        'Start one with `distillery up` or `distillery worker --queue pipeline`.',
    );
  }
}

/** Throws `InvalidDefinition` when there is no such run, it is no pipeline, or it is over. */
export async function checkRunning(client: Client, workflowId: string): Promise<void> {
  try {
    const { status, type } = await client.workflow.getHandle(workflowId).describe();
    if (type !== 'pipeline') {
      throw new DistilleryError(
        'InvalidDefinition',
        `"${workflowId}" is a workflow of type ${type}, not a pipeline. List the pipelines with \`distillery list\`.`,
      );
    }
    if (status.name !== 'RUNNING') throw isOver(workflowId, status.name.toLowerCase().replaceAll('_', ' '));
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new DistilleryError(
      'InvalidDefinition',
      `There is no run "${workflowId}" here. List the runs with \`distillery list\`.`,
    );
  }
}

function isOver(workflowId: string, how: string): DistilleryError {
  return new DistilleryError(
    'InvalidDefinition',
    `The run "${workflowId}" is over (${how}). Start its definition again with \`distillery run FILE\`: ` +
      'what is finished is reused.',
  );
}
