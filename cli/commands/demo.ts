/**
 * @file `distillery demo`: the main job once, from nothing to a report.
 */
import type { Command } from 'commander';

import { type CommandContext, commandWithExamples } from '../command-context.js';
import { exitCodes } from '../exit-codes.js';

const about = `
Sets up what is missing, starts Temporal, an S3 store and workers (or uses
those of a running \`distillery up\`), distils Fashion-MNIST to one image per
class, evaluates the images on fresh networks and writes a report into
results/. Stops what it started. Results of an earlier demo are used again.`;

export function demoCommand(context: CommandContext): Command {
  return commandWithExamples('demo', 'Run the main job once, from set-up to report.', [
    { command: 'distillery demo', meaning: 'some minutes on two cores after the downloads' },
    { command: 'distillery demo --fresh', meaning: 'compute everything again' },
  ])
    .addHelpText('after', about)
    .option('--fresh', 'use no results of earlier runs')
    .action(async (options: { fresh?: true }) => {
      const { runDemo } = await import('../demo/run-demo.js');
      const outcome = await runDemo(context, { fresh: options.fresh ?? false });
      if (outcome === 'failed') process.exitCode = exitCodes.failed;
      if (outcome === 'interrupted') process.exitCode = exitCodes.interrupted;
    });
}
