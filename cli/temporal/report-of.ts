/**
 * @file The report of a finished run.
 */
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';

import type { PipelineResult, ReportOutput } from '../../definition/stages.js';
import { DistilleryError } from '../../errors/errors.js';

/** Undefined when there is no such run. Throws `InvalidDefinition` when the run has no report to get. */
export async function reportOf(client: Client, workflowId: string): Promise<ReportOutput | undefined> {
  const handle = client.workflow.getHandle(workflowId);
  let state: string;
  try {
    state = (await handle.describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
  if (state !== 'COMPLETED')
    throw new DistilleryError(
      'InvalidDefinition',
      `The run "${workflowId}" has no results${state === 'RUNNING' ? ' yet' : ''} (${state.toLowerCase()}). See \`distillery status ${workflowId}\`.`,
    );
  const result = (await handle.result()) as PipelineResult;
  const report = reportIn(result);
  if (report === undefined)
    throw new DistilleryError(
      'InvalidDefinition',
      `The run "${workflowId}" has no report stage, so no result folder. Get its artifacts by key prefix: ` +
        '`distillery artifacts ls`.',
    );
  return report;
}

export function reportIn(result: PipelineResult): ReportOutput | undefined {
  return Object.values(result.stages).find((output): output is ReportOutput => output.type === 'report');
}
