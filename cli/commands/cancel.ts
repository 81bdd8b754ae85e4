/**
 * @file `distillery cancel`: asks a run to stop.
 */
import type { Command } from 'commander';

import { DistilleryError } from '../../errors/errors.js';
import { type CommandContext, commandWithExamples, serversOf } from '../command-context.js';
import { printable } from '../terminal/escape.js';

export function cancelCommand(context: CommandContext): Command {
  return commandWithExamples('cancel', 'Cancel a run; its checkpoints stay.', [
    { command: 'distillery cancel fmnist', meaning: 'stop the run with this id' },
  ])
    .argument('<id>', 'workflow id of the run')
    .action(async (id: string) => {
      const { connectTemporal } = await import('../temporal/connect.js');
      const { WorkflowNotFoundError } = await import('@temporalio/common');
      const temporal = await connectTemporal(serversOf(context));
      try {
        await temporal.client.workflow.getHandle(id).cancel();
        context.out.line(`Cancellation of ${printable(id)} requested.`);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        throw new DistilleryError(
          'InvalidDefinition',
          `No run "${id}" is under way. List the runs with \`distillery list\`.`,
        );
      } finally {
        await temporal.close();
      }
    });
}
