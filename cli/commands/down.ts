/**
 * @file `distillery down`: stops what `distillery up` runs.
 */
import type { Command } from 'commander';

import { type CommandContext, commandWithExamples } from '../command-context.js';
import { stopServices } from '../state/stop-process.js';

export function downCommand(context: CommandContext): Command {
  return commandWithExamples('down', 'Stop what `distillery up` started.', [
    { command: 'distillery down', meaning: 'workers first, then Temporal and S3' },
  ]).action(async () => {
    const running = context.stateFile.read();
    if (running === undefined) {
      context.out.line('Nothing is running.');
      return;
    }
    await stopServices(running);
    context.out.line(`Stopped distillery ${running.command} (process ${running.pid}).`);
  });
}
