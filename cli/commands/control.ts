/**
 * @file `distillery pause`, `resume`, `retry` and `cancel`: the user's hands on a running pipeline.
 */
import type { Command } from 'commander';

import type { Pause } from '../../definition/stages.js';
import type { TemporalClient } from '../temporal/connect.js';
import { type CommandContext, commandWithExamples, printJson, serversOf } from '../command-context.js';
import { printable } from '../terminal/escape.js';

interface Said {
  /** For people. */
  readonly line: string;
  /** For machines, beside the id. */
  readonly data: object;
}

export function pauseCommand(context: CommandContext): Command {
  return commandWithExamples('pause', 'Pause a run: its work writes a checkpoint and stops.', [
    { command: 'distillery pause fmnist', meaning: 'until `distillery resume fmnist`' },
    { command: 'distillery pause fmnist --reason "GPU needed"', meaning: 'shown in the status' },
  ])
    .argument('<id>', 'workflow id of the run')
    .option('--reason <text>', 'why, for the status')
    .option('--json', 'print JSON')
    .action((id: string, { reason, json }: { reason?: string; json?: true }) =>
      say(context, id, json, async (client) => {
        const { tellRun } = await import('../temporal/control.js');
        const pause = (await tellRun(client, id, 'pause', reason === undefined ? {} : { reason })) as Pause;
        const line = `Paused ${printable(id)}. \`distillery resume ${printable(id)}\` goes on from the checkpoints.`;
        return { line, data: { paused: pause } };
      }),
    );
}

export function resumeCommand(context: CommandContext): Command {
  return commandWithExamples('resume', 'Let a paused run go on from its checkpoints.', [
    { command: 'distillery resume fmnist', meaning: 'go on' },
  ])
    .argument('<id>', 'workflow id of the run')
    .option('--json', 'print JSON')
    .action((id: string, { json }: { json?: true }) =>
      say(context, id, json, async (client) => {
        const { tellRun } = await import('../temporal/control.js');
        const pause = (await tellRun(client, id, 'resume')) as Pause | undefined;
        return { line: `Resumed ${printable(id)}.`, data: pause === undefined ? {} : { resumed: pause } };
      }),
    );
}

export function retryCommand(context: CommandContext): Command {
  return commandWithExamples('retry', 'Start a failed stage again that waits for it (onFailure: wait).', [
    { command: 'distillery retry fmnist distill', meaning: 'from where it was, with fresh budgets' },
  ])
    .argument('<id>', 'workflow id of the run')
    .argument('<stage>', 'id of the stage')
    .option('--json', 'print JSON')
    .action((id: string, stage: string, { json }: { json?: true }) =>
      say(context, id, json, async (client) => {
        const { tellRun } = await import('../temporal/control.js');
        await tellRun(client, id, 'retry', stage);
        const line = `Stage ${printable(stage)} of ${printable(id)} goes on from where it was.`;
        return { line, data: { retried: stage } };
      }),
    );
}

export function cancelCommand(context: CommandContext): Command {
  return commandWithExamples('cancel', 'Cancel a run; its checkpoints stay unless told otherwise.', [
    { command: 'distillery cancel fmnist', meaning: 'stop the run with this id' },
    { command: 'distillery cancel fmnist --discard-checkpoints', meaning: 'and drop its unfinished work' },
  ])
    .addHelpText('after', '\nFinished experts and results are never removed.')
    .argument('<id>', 'workflow id of the run')
    .option('--discard-checkpoints', 'remove what the run has stored of unfinished work')
    .option('--json', 'print JSON')
    .action((id: string, { discardCheckpoints, json }: { discardCheckpoints?: true; json?: true }) =>
      say(context, id, json, async (client) => {
        const { checkRunning, tellRun } = await import('../temporal/control.js');
        const discard = discardCheckpoints === true;
        if (discard) await tellRun(client, id, 'cancel', { keepCheckpoints: false });
        else {
          await checkRunning(client, id);
          // Needs no worker, unlike an update.
          await client.workflow.getHandle(id).cancel();
        }
        return {
          line: `Cancellation of ${printable(id)} requested${discard ? '; its checkpoints are removed' : ''}.`,
          data: { cancelled: true, keepCheckpoints: !discard },
        };
      }),
    );
}

async function say(
  context: CommandContext,
  id: string,
  json: true | undefined,
  action: (client: TemporalClient['client']) => Promise<Said>,
): Promise<void> {
  const { connectTemporal } = await import('../temporal/connect.js');
  const temporal = await connectTemporal(serversOf(context));
  try {
    const { line, data } = await action(temporal.client);
    if (json) printJson(context.out, { id, ...data });
    else context.out.line(line);
  } finally {
    await temporal.close();
  }
}
