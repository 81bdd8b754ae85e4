/**
 * @file Starts a pipeline exactly as `temporal workflow start --input-file` does.
 */
import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';

import type { Definition } from '../../activities/contract.js';
import type { PipelineOptions } from '../../definition/stages.js';
import { DistilleryError } from '../../errors/errors.js';
import { PIPELINE_QUEUE } from '../../workflows/queues.js';

/** A readable id that was not used before: `fashion-mnist-1124-194312`, in local time. */
export function freshWorkflowId(name: string, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = two(now.getMonth() + 1) + two(now.getDate());
  const time = two(now.getHours()) + two(now.getMinutes()) + two(now.getSeconds());
  return `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${day}-${time}`;
}

/**
 * Starts the run. The bytes go as they are (payload encoding `binary/plain`); a running id is refused with
 * `InvalidDefinition`, so that nobody follows a run of another definition by mistake.
 */
export async function startPipeline(
  client: Client,
  workflowId: string,
  definition: Definition,
  options: PipelineOptions,
): Promise<void> {
  try {
    await client.workflow.start('pipeline', {
      taskQueue: PIPELINE_QUEUE,
      workflowId,
      workflowIdConflictPolicy: 'FAIL',
      args: [definition, options],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new DistilleryError(
      'InvalidDefinition',
      `A run with the id "${workflowId}" is under way. Choose another --workflow-id, or look at it with ` +
        `\`distillery status ${workflowId}\`.`,
      { cause: error },
    );
  }
}
