/**
 * @file `distillery status`: the tree of stages of one run.
 */
import type { Command } from 'commander';

import { type CommandContext, commandWithExamples, printJson, serversOf } from '../command-context.js';
import { exitCodes } from '../exit-codes.js';
import { runDisplay } from '../status/display.js';
import { EtaEstimator } from '../status/eta.js';
import { treeLines } from '../status/tree.js';

export function statusCommand(context: CommandContext): Command {
  return commandWithExamples('status', 'Show the stages and the progress of a run.', [
    { command: 'distillery status fmnist', meaning: 'the tree of stages now' },
    { command: 'distillery status fmnist --watch', meaning: 'redrawn until the run ends' },
    { command: 'distillery status fmnist --json', meaning: 'the same for machines' },
  ])
    .argument('<id>', 'workflow id of the run')
    .option('-w, --watch', 'follow the run until it ends; exit code 1 when it fails')
    .option('--json', 'print JSON')
    .action(async (id: string, options: { watch?: true; json?: true }) => {
      const { connectTemporal } = await import('../temporal/connect.js');
      const { collectRun } = await import('../temporal/collect.js');
      const { followRun } = await import('../temporal/follow.js');
      const temporal = await connectTemporal(serversOf(context));
      try {
        if (options.watch && !options.json) {
          const end = await followRun(temporal.client, id, runDisplay(context.out));
          if (end?.state !== 'finished') process.exitCode = exitCodes.failed;
          return;
        }
        const estimator = new EtaEstimator();
        const now = Date.now();
        const run = await collectRun(temporal.client, id, (stage, fraction) =>
          estimator.observe(stage, fraction, now),
        );
        if (options.json) printJson(context.out, run);
        else for (const line of treeLines(run, context.out, now)) context.out.line(line);
      } finally {
        await temporal.close();
      }
    });
}
