/**
 * @file `distillery list`: the runs that Temporal knows, newest first.
 */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import type { Command } from 'commander';

import { type CommandContext, commandWithExamples, printJson, serversOf } from '../command-context.js';
import type { ListedRun } from '../runs/listed-runs.js';
import { printable } from '../terminal/escape.js';
import { formatDateTime, formatDuration } from '../terminal/format.js';
import { tableLines } from '../terminal/table.js';
import { truncate } from '../terminal/width.js';
import { wholeNumber } from '../whole-number.js';

/** Each run is asked for what it was started with and what came out. */
const atOnce = 16;

export function listCommand(context: CommandContext): Command {
  return commandWithExamples('list', 'List runs, newest first.', [
    { command: 'distillery list', meaning: 'the last 20 runs' },
    { command: 'distillery list --limit 100 --json', meaning: 'more of them, for machines' },
  ])
    .option('-n, --limit <count>', 'at most so many', wholeNumber, 20)
    .option('--json', 'print JSON')
    .action(async (options: { limit: number; json?: true }) => {
      const { connectTemporal } = await import('../temporal/connect.js');
      const { listedRun } = await import('../runs/listed-runs.js');
      const temporal = await connectTemporal(serversOf(context));
      try {
        const found: WorkflowExecutionInfo[] = [];
        const query = "WorkflowType = 'pipeline'";
        const pageSize = Math.min(options.limit, 1000);
        for await (const run of temporal.client.workflow.list({ query, pageSize })) {
          found.push(run);
          if (found.length >= options.limit) break;
        }
        const runs: ListedRun[] = [];
        for (let from = 0; from < found.length; from += atOnce) {
          const some = found.slice(from, from + atOnce);
          runs.push(...(await Promise.all(some.map((run) => listedRun(temporal.client, run)))));
        }
        if (options.json) printJson(context.out, runs);
        else show(context, runs, `${temporal.address}, namespace ${temporal.namespace}`);
      } finally {
        await temporal.close();
      }
    });
}

const widestResult = 40;

function show({ out }: CommandContext, runs: readonly ListedRun[], where: string): void {
  if (runs.length === 0) {
    out.line(`No runs on ${where}. Start one with \`distillery run FILE\`.`);
    return;
  }
  const tagged = runs.some(({ tags }) => tags !== undefined);
  const lines = tableLines(
    [
      { title: 'ID' },
      { title: 'PIPELINE', flexible: true },
      { title: 'STATE' },
      { title: 'STARTED' },
      { title: 'TIME', align: 'right' },
      { title: 'RESULT' },
      ...(tagged ? [{ title: 'TAGS' } as const] : []),
    ],
    runs.map((run) => [
      printable(run.workflowId),
      printable(run.name ?? '-'),
      run.state,
      formatDateTime(new Date(run.startedAt)),
      formatDuration(run.seconds),
      truncate(printable(run.result ?? '-'), widestResult),
      ...(tagged ? [tagWords(run)] : []),
    ]),
    // In a pipe ids stay whole: they are for the next command.
    { colours: out.colours, columns: out.interactive ? out.columns : Infinity },
  );
  for (const line of lines) out.line(line);
}

/** `team=vision purpose=sweep`. */
function tagWords({ tags = {} }: ListedRun): string {
  return printable(
    Object.entries(tags)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(' '),
  );
}
