/**
 * @file `distillery list`: the runs that Temporal knows, newest first.
 */
import type { Command } from 'commander';

import { type CommandContext, commandWithExamples, printJson, serversOf } from '../command-context.js';
import { printable } from '../terminal/escape.js';
import { formatDateTime, formatDuration } from '../terminal/format.js';
import { tableLines } from '../terminal/table.js';
import { wholeNumber } from '../whole-number.js';

interface ListedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly state: string;
  readonly startedAt: string;
  readonly seconds: number;
}

export function listCommand(context: CommandContext): Command {
  return commandWithExamples('list', 'List runs, newest first.', [
    { command: 'distillery list', meaning: 'the last 20 runs' },
    { command: 'distillery list --limit 100 --json', meaning: 'more of them, for machines' },
  ])
    .option('-n, --limit <count>', 'at most so many', wholeNumber, 20)
    .option('--json', 'print JSON')
    .action(async (options: { limit: number; json?: true }) => {
      const { connectTemporal } = await import('../temporal/connect.js');
      const temporal = await connectTemporal(serversOf(context));
      try {
        const runs: ListedRun[] = [];
        const query = "WorkflowType = 'pipeline'";
        for await (const run of temporal.client.workflow.list({
          query,
          pageSize: Math.min(options.limit, 1000),
        })) {
          const end = run.closeTime ?? new Date();
          runs.push({
            workflowId: run.workflowId,
            runId: run.runId,
            state: run.status.name.toLowerCase().replaceAll('_', ' '),
            startedAt: run.startTime.toISOString(),
            seconds: (end.getTime() - run.startTime.getTime()) / 1000,
          });
          if (runs.length >= options.limit) break;
        }
        if (options.json) printJson(context.out, runs);
        else show(context, runs, `${temporal.address}, namespace ${temporal.namespace}`);
      } finally {
        await temporal.close();
      }
    });
}

function show({ out }: CommandContext, runs: readonly ListedRun[], where: string): void {
  if (runs.length === 0) {
    out.line(`No runs on ${where}. Start one with \`distillery run FILE\`.`);
    return;
  }
  const lines = tableLines(
    [
      { title: 'ID', flexible: true },
      { title: 'STATE' },
      { title: 'STARTED' },
      { title: 'TIME', align: 'right' },
    ],
    runs.map((run) => [
      printable(run.workflowId),
      run.state,
      formatDateTime(new Date(run.startedAt)),
      formatDuration(run.seconds),
    ]),
    out,
  );
  for (const line of lines) out.line(line);
}
