/**
 * @file Follows a run that was just started until it ends, and shows what came out.
 */
import type { Plan } from '../../definition/plan.js';
import type { PipelineResult } from '../../definition/stages.js';
import type { CommandContext } from '../command-context.js';
import { exitCodes } from '../exit-codes.js';
import type { TemporalClient } from '../temporal/connect.js';
import { printable } from '../terminal/escape.js';

export async function followToEnd(
  context: CommandContext,
  { client, address }: Pick<TemporalClient, 'client' | 'address'>,
  workflowId: string,
  plan: Plan,
): Promise<void> {
  const { ended, followRun } = await import('../temporal/follow.js');
  const { runDisplay } = await import('../status/display.js');
  const { accuracyLines } = await import('../results/accuracy-summary.js');
  const { out } = context;
  out.line(`Started ${printable(workflowId)} at ${printable(address)}. Ctrl-C stops following, not the run.`);
  const interrupted = new AbortController();
  const onInterrupt = (): void => interrupted.abort();
  process.once('SIGINT', onInterrupt);
  try {
    const end = await followRun(client, workflowId, runDisplay(out), { signal: interrupted.signal });
    if (end === undefined || !ended(end)) {
      out.line(`The run goes on: \`distillery status ${printable(workflowId)} --watch\`.`);
      process.exitCode = exitCodes.interrupted;
      return;
    }
    if (end.state !== 'finished') {
      process.exitCode = exitCodes.failed;
      return;
    }
    const result = (await client.workflow.getHandle(workflowId).result()) as PipelineResult;
    out.line();
    for (const line of accuracyLines(result, plan, out)) out.line(line);
    out.line(`Results: \`distillery artifacts get ${printable(workflowId)}\`.`);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}
